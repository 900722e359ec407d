package dev.loopgate.extproc;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingRequest;

/// What Envoy says beside the parts of an exchange: attributes of its own, and what the filters
/// before ours noted.
final class Shown {
  private static final String ATTRIBUTES = "envoy.filters.http.ext_proc";
  private static final int NUMBER_MAX = 1 << 20;
  private static final String AUTHORIZATION = "envoy.filters.http.ext_authz";

  private Shown() {}

  /// The text of an attribute, see `request_attributes` and `response_attributes` of the filter;
  /// empty when Envoy does not say it.
  static String attribute(ProcessingRequest message, String name) {
    return text(message.getAttributesOrDefault(ATTRIBUTES, Struct.getDefaultInstance()), name);
  }

  /// The number of an attribute; 0 when Envoy does not say it.
  static int number(ProcessingRequest message, String name) {
    Value value =
        message
            .getAttributesOrDefault(ATTRIBUTES, Struct.getDefaultInstance())
            .getFieldsMap()
            .get(name);
    return value == null ? 0 : (int) Math.clamp(value.getNumberValue(), 0, NUMBER_MAX);
  }

  /// What our own authorization noted of this exchange; empty when nobody asked it.
  static String authorized(ProcessingRequest message, String name) {
    return text(noted(message), name);
  }

  /// Whether our own authorization noted that this is so.
  static boolean isAuthorized(ProcessingRequest message, String name) {
    return flag(noted(message), name);
  }

  static String text(Struct of, String name) {
    Value value = of.getFieldsMap().get(name);
    return value == null ? "" : value.getStringValue();
  }

  static boolean flag(Struct of, String name) {
    Value value = of.getFieldsMap().get(name);
    return value != null && value.getBoolValue();
  }

  private static Struct noted(ProcessingRequest message) {
    return message
        .getMetadataContext()
        .getFilterMetadataOrDefault(AUTHORIZATION, Struct.getDefaultInstance());
  }
}
