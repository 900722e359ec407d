package dev.loopgate.extproc;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingRequest;
import org.jspecify.annotations.Nullable;

/// What Envoy says beside the parts of an exchange: attributes of its own, and what the filters
/// before ours noted.
final class Shown {
  private static final String ATTRIBUTES = "envoy.filters.http.ext_proc";
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
    return text(message.getAttributesMap().get(ATTRIBUTES), name);
  }

  /// What our own authorization noted of this exchange; empty when nobody asked it.
  static String authorized(ProcessingRequest message, String name) {
    return message.hasMetadataContext()
        ? text(message.getMetadataContext().getFilterMetadataMap().get(AUTHORIZATION), name)
        : "";
  }

  /// Whether our own authorization noted that this is so.
  static boolean isAuthorized(ProcessingRequest message, String name) {
    Struct noted =
        message.hasMetadataContext()
            ? message.getMetadataContext().getFilterMetadataMap().get(AUTHORIZATION)
            : null;
    Value value = noted == null ? null : noted.getFieldsMap().get(name);
    return value != null && value.getBoolValue();
  }

  private static String text(@Nullable Struct of, String name) {
    Value value = of == null ? null : of.getFieldsMap().get(name);
    return value == null ? "" : value.getStringValue();
  }
}
