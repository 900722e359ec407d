package dev.loopgate.extproc;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingRequest;

/// What Envoy says beside the parts of an exchange: attributes of its own, and what the filters
/// before ours noted.
final class Shown {
  private static final String ATTRIBUTES = "envoy.filters.http.ext_proc";
  private static final int NUMBER_MAX = 1 << 20;
  private static final String AUTHORIZATION = "envoy.filters.http.ext_authz";

  // What `xds` calls the clusters of models.
  private static final String CLUSTER_OF_MODEL = "model_";

  private Shown() {}

  /// The id of the model that a cluster is of, where Envoy's configuration is ours; else nobody's.
  static String modelOf(String cluster) {
    return cluster.startsWith(CLUSTER_OF_MODEL) ? cluster.substring(CLUSTER_OF_MODEL.length()) : "";
  }

  /// The text of an attribute, see `request_attributes` and `response_attributes` of the filter;
  /// empty when Envoy does not say it.
  static String attribute(ProcessingRequest message, String name) {
    return text(attributes(message), name);
  }

  /// The number of an attribute; 0 when Envoy does not say it.
  static int number(ProcessingRequest message, String name) {
    Value value = attributes(message).getFieldsMap().get(name);
    return value == null ? 0 : (int) Math.clamp(value.getNumberValue(), 0, NUMBER_MAX);
  }

  /// What our own authorization noted of an exchange; nothing when nobody asked it.
  static Struct authorized(Metadata metadata) {
    return metadata.getFilterMetadataOrDefault(AUTHORIZATION, Struct.getDefaultInstance());
  }

  private static Struct attributes(ProcessingRequest message) {
    return message.getAttributesOrDefault(ATTRIBUTES, Struct.getDefaultInstance());
  }

  static String text(Struct of, String name) {
    Value value = of.getFieldsMap().get(name);
    return value == null ? "" : value.getStringValue();
  }

  static boolean flag(Struct of, String name) {
    Value value = of.getFieldsMap().get(name);
    return value != null && value.getBoolValue();
  }
}
