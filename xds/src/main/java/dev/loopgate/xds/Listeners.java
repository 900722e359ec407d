package dev.loopgate.xds;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLog;
import io.envoyproxy.envoy.config.common.mutation_rules.v3.HeaderMutation;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import io.envoyproxy.envoy.config.core.v3.Http1ProtocolOptions;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.access_loggers.grpc.v3.CommonGrpcAccessLogConfig;
import io.envoyproxy.envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.ExtAuthz;
import io.envoyproxy.envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor;
import io.envoyproxy.envoy.extensions.filters.http.ext_proc.v3.HeaderForwardingRules;
import io.envoyproxy.envoy.extensions.filters.http.ext_proc.v3.MetadataOptions;
import io.envoyproxy.envoy.extensions.filters.http.ext_proc.v3.ProcessingMode;
import io.envoyproxy.envoy.extensions.filters.http.header_mutation.v3.Mutations;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathWithEscapedSlashesAction;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ServerHeaderTransformation;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.RequestIDExtension;
import io.envoyproxy.envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig;
import io.envoyproxy.envoy.type.matcher.v3.ListStringMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.envoyproxy.envoy.type.v3.HttpStatus;
import io.envoyproxy.envoy.type.v3.StatusCode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Where callers come, and which filters see an exchange, as docs/envoy.md explains them.
///
/// Nothing here depends on the fleet: a listener that changed would close the connections of its
/// callers.
final class Listeners {
  static final String NAME = "loopgate";
  static final String CAPTURE = "loopgate.capture";
  static final String AUTHORIZATION = "envoy.filters.http.ext_authz";

  private static final String ID = "loopgate.id";
  private static final String REPLY_ID = "loopgate.reply-id";
  private static final String REQUEST_ID = "request-id";
  private static final int HEAD_SECONDS = 10;

  private Listeners() {}

  /// The name of the filter that gives the Request-Id, or shows it to the caller.
  static String idFilter(XdsConfig config) {
    return config.asksTokens() ? REPLY_ID : ID;
  }

  static Listener of(XdsConfig config) {
    HttpConnectionManager manager =
        HttpConnectionManager.newBuilder()
            .setStatPrefix(NAME)
            .setRds(Rds.newBuilder().setRouteConfigName(Routes.NAME).setConfigSource(Envoys.ADS))
            .addAllHttpFilters(filters(config))
            .addAccessLog(access())
            .setUseRemoteAddress(BoolValue.of(true))
            .setAlwaysSetRequestIdInResponse(true)
            .setRequestIdExtension(
                RequestIDExtension.newBuilder()
                    .setTypedConfig(
                        Any.pack(
                            UuidRequestIdConfig.newBuilder()
                                .setPackTraceReason(BoolValue.of(false))
                                .build())))
            .setHttpProtocolOptions(Http1ProtocolOptions.newBuilder().setEnableTrailers(true))
            .addUpgradeConfigs(
                HttpConnectionManager.UpgradeConfig.newBuilder().setUpgradeType("websocket"))
            .setRequestHeadersTimeout(Envoys.seconds(HEAD_SECONDS))
            .setServerHeaderTransformation(ServerHeaderTransformation.PASS_THROUGH)
            // Paths are compared and passed on as they came, as the proxy does it.
            .setNormalizePath(BoolValue.of(false))
            .setPathWithEscapedSlashesAction(PathWithEscapedSlashesAction.KEEP_UNCHANGED)
            .build();
    return Listener.newBuilder()
        .setName(NAME)
        .setAddress(Envoys.address(config.listen()))
        .addFilterChains(
            FilterChain.newBuilder()
                .addFilters(
                    Filter.newBuilder()
                        .setName("envoy.filters.network.http_connection_manager")
                        .setTypedConfig(Any.pack(manager))))
        .build();
  }

  private static List<HttpFilter> filters(XdsConfig config) {
    List<HttpFilter> filters = new ArrayList<>();
    if (config.asksTokens()) {
      filters.add(filter(REPLY_ID, replyId()));
      filters.add(filter(AUTHORIZATION, authorization()));
    } else {
      filters.add(filter(ID, id()));
    }
    filters.add(filter(CAPTURE, capture()));
    filters.add(filter("envoy.filters.http.router", Router.getDefaultInstance()));
    return filters;
  }

  private static HttpFilter filter(String name, Message config) {
    return HttpFilter.newBuilder().setName(name).setTypedConfig(Any.pack(config)).build();
  }

  // The caller's, else Envoy's own; to the model and back to the caller.
  private static Message id() {
    HeaderMutation keep =
        mutation("%REQ(request-id?x-request-id)%", HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD);
    return mutations(Mutations.newBuilder().addRequestMutations(keep).addResponseMutations(keep));
  }

  // The one that was decided; without a decision the caller's, else Envoy's own.
  private static Message replyId() {
    HeaderAppendAction overwrite = HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD;
    return mutations(
        Mutations.newBuilder()
            .addResponseMutations(mutation("%REQ(request-id)%", overwrite))
            .addResponseMutations(
                mutation("%DYNAMIC_METADATA(envoy.filters.http.ext_authz:request_id)%", overwrite))
            .addResponseMutations(
                mutation("%REQ(x-request-id)%", HeaderAppendAction.ADD_IF_ABSENT)));
  }

  private static HeaderMutation mutation(String value, HeaderAppendAction action) {
    return HeaderMutation.newBuilder()
        .setAppend(
            HeaderValueOption.newBuilder()
                .setAppendAction(action)
                .setHeader(HeaderValue.newBuilder().setKey(REQUEST_ID).setValue(value)))
        .build();
  }

  private static Message mutations(Mutations.Builder mutations) {
    return io.envoyproxy.envoy.extensions.filters.http.header_mutation.v3.HeaderMutation
        .newBuilder()
        .setMutations(mutations)
        .build();
  }

  private static Message authorization() {
    return ExtAuthz.newBuilder()
        .setTransportApiVersion(ApiVersion.V3)
        .setGrpcService(
            service(Clusters.AUTHORIZATION)
                .setTimeout(Envoys.duration(java.time.Duration.ofMillis(500))))
        .setFailureModeAllow(false)
        .setStatusOnError(HttpStatus.newBuilder().setCode(StatusCode.ServiceUnavailable))
        .setEncodeRawHeaders(true)
        .setAllowedHeaders(
            names("authorization", REQUEST_ID, "x-request-id", "content-type", "model-id"))
        .build();
  }

  private static Message capture() {
    ProcessingMode.HeaderSendMode send = ProcessingMode.HeaderSendMode.SEND;
    return ExternalProcessor.newBuilder()
        .setGrpcService(service(Clusters.CAPTURE))
        .setObservabilityMode(true)
        .setFailureModeAllow(true)
        .setProcessingMode(
            ProcessingMode.newBuilder()
                .setRequestHeaderMode(send)
                .setResponseHeaderMode(send)
                .setRequestBodyMode(ProcessingMode.BodySendMode.STREAMED)
                .setResponseBodyMode(ProcessingMode.BodySendMode.STREAMED)
                .setRequestTrailerMode(send)
                .setResponseTrailerMode(send))
        .setForwardRules(
            HeaderForwardingRules.newBuilder()
                .setDisallowedHeaders(names("authorization", "cookie", "set-cookie")))
        .setMetadataOptions(
            MetadataOptions.newBuilder()
                .setForwardingNamespaces(
                    MetadataOptions.MetadataNamespaces.newBuilder().addUntyped(AUTHORIZATION)))
        .addRequestAttributes("xds.cluster_name") // which target of a route by weight it is
        .addResponseAttributes("response.code_details")
        .addResponseAttributes("upstream.address")
        .addResponseAttributes("upstream.request_attempt_count")
        .build();
  }

  private static AccessLog access() {
    return AccessLog.newBuilder()
        .setName("loopgate.access")
        .setTypedConfig(
            Any.pack(
                HttpGrpcAccessLogConfig.newBuilder()
                    .setCommonConfig(
                        CommonGrpcAccessLogConfig.newBuilder()
                            .setLogName("loopgate")
                            .setTransportApiVersion(ApiVersion.V3)
                            .setGrpcService(service(Clusters.ACCESS))
                            .setBufferSizeBytes(Envoys.count(0))) // a larger one only loses more
                    .addAdditionalRequestHeadersToLog(REQUEST_ID)
                    .build()))
        .build();
  }

  private static GrpcService.Builder service(String cluster) {
    return GrpcService.newBuilder()
        .setEnvoyGrpc(GrpcService.EnvoyGrpc.newBuilder().setClusterName(cluster));
  }

  private static ListStringMatcher names(String... names) {
    return ListStringMatcher.newBuilder()
        .addAllPatterns(
            Stream.of(names)
                .map(name -> StringMatcher.newBuilder().setExact(name).build())
                .toList())
        .build();
  }
}
