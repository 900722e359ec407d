package dev.loopgate.extproc;

import com.google.protobuf.Duration;
import com.google.protobuf.Struct;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.core.v3.RequestMethod;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.data.accesslog.v3.AccessLogCommon;
import io.envoyproxy.envoy.data.accesslog.v3.AccessLogType;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPRequestProperties;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPResponseProperties;
import io.envoyproxy.envoy.data.accesslog.v3.ResponseFlags;
import io.envoyproxy.envoy.data.accesslog.v3.TCPAccessLogEntry;
import io.envoyproxy.envoy.service.accesslog.v3.AccessLogServiceGrpc;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage.HTTPAccessLogEntries;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage.Identifier;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage.TCPAccessLogEntries;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsResponse;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One stream of an Envoy's access log, as a worker of it opens one.
final class EnvoyLog implements StreamObserver<StreamAccessLogsResponse> {
  private static final long WAIT_MILLIS = 20_000;

  private final StreamObserver<StreamAccessLogsMessage> envoy;
  private @Nullable Status ended;
  private int answers;

  private EnvoyLog(Channel channel) {
    envoy = AccessLogServiceGrpc.newStub(channel).streamAccessLogs(this);
  }

  static EnvoyLog open(Channel channel) {
    EnvoyLog log = new EnvoyLog(channel);
    log.envoy.onNext(
        StreamAccessLogsMessage.newBuilder()
            .setIdentifier(
                Identifier.newBuilder()
                    .setNode(Node.newBuilder().setId("envoy-1"))
                    .setLogName("loopgate"))
            .setHttpLogs(HTTPAccessLogEntries.getDefaultInstance())
            .build());
    return log;
  }

  static EnvoyLog nameless(Channel channel) {
    return new EnvoyLog(channel);
  }

  /// An exchange with the model `m` that went well: 3 bytes there, 4 back.
  static HTTPAccessLogEntry.Builder exchange(String externalId, String requestId) {
    return HTTPAccessLogEntry.newBuilder()
        .setCommonProperties(
            AccessLogCommon.newBuilder()
                .setAccessLogType(AccessLogType.DownstreamEnd)
                .setStreamId(externalId)
                .setUpstreamCluster("m")
                .setUpstreamRemoteAddress(address("10.0.0.7", 8080))
                .setUpstreamRequestAttemptCount(1)
                .setTimeToFirstDownstreamTxByte(millis(3))
                .setDuration(millis(5)))
        .setProtocolVersion(HTTPAccessLogEntry.HTTPVersion.HTTP11)
        .setRequest(
            HTTPRequestProperties.newBuilder()
                .setRequestMethod(RequestMethod.POST)
                .setScheme("http")
                .setAuthority("10.0.0.7:8080") // as Envoy's router rewrote it
                .setPath("/model/m/predict?a=1")
                .setUserAgent("curl")
                .setRequestId(externalId)
                .setRequestBodyBytes(3)
                .putRequestHeaders("request-id", requestId)
                .putRequestHeaders("authorization", "Bearer secret"))
        .setResponse(
            HTTPResponseProperties.newBuilder()
                .setResponseCode(UInt32Value.of(200))
                .setResponseCodeDetails("via_upstream")
                .setResponseBodyBytes(4));
  }

  /// The same that ended so.
  static HTTPAccessLogEntry.Builder ended(
      HTTPAccessLogEntry.Builder exchange, int status, String details, ResponseFlags flags) {
    exchange
        .getResponseBuilder()
        .setResponseCode(UInt32Value.of(status))
        .setResponseCodeDetails(details);
    exchange.getCommonPropertiesBuilder().setResponseFlags(flags);
    return exchange;
  }

  /// The same that our authorization gave this id.
  static HTTPAccessLogEntry.Builder authorized(HTTPAccessLogEntry.Builder exchange, String id) {
    exchange
        .getCommonPropertiesBuilder()
        .setMetadata(
            Metadata.newBuilder()
                .putFilterMetadata(
                    "envoy.filters.http.ext_authz",
                    Struct.newBuilder()
                        .putFields("request_id", Value.newBuilder().setStringValue(id).build())
                        .build()));
    return exchange;
  }

  /// A connection to a server of that address.
  static TCPAccessLogEntry connection(String host, int port) {
    TCPAccessLogEntry.Builder entry = TCPAccessLogEntry.newBuilder();
    entry
        .getCommonPropertiesBuilder()
        .setAccessLogType(AccessLogType.TcpConnectionEnd)
        .setDownstreamLocalAddress(address("10.0.0.1", 443))
        .setUpstreamRemoteAddress(address(host, port))
        .setDuration(millis(7_000));
    entry.getConnectionPropertiesBuilder().setReceivedBytes(11).setSentBytes(12);
    return entry.build();
  }

  void tell(HTTPAccessLogEntry.Builder... exchanges) {
    HTTPAccessLogEntries.Builder entries = HTTPAccessLogEntries.newBuilder();
    for (HTTPAccessLogEntry.Builder exchange : exchanges) {
      entries.addLogEntry(exchange);
    }
    envoy.onNext(StreamAccessLogsMessage.newBuilder().setHttpLogs(entries).build());
  }

  void tell(TCPAccessLogEntry connection) {
    envoy.onNext(
        StreamAccessLogsMessage.newBuilder()
            .setTcpLogs(TCPAccessLogEntries.newBuilder().addLogEntry(connection))
            .build());
  }

  void close() {
    envoy.onCompleted();
  }

  synchronized Status.Code awaitEnd() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WAIT_MILLIS);
    while (ended == null && System.nanoTime() - deadline < 0) {
      wait(50);
    }
    if (ended == null) {
      throw new AssertionError("the stream is still open, answers=" + answers);
    }
    return ended.getCode();
  }

  @Override
  public synchronized void onNext(StreamAccessLogsResponse answer) {
    answers++;
  }

  @Override
  public synchronized void onError(Throwable cause) {
    ended = Status.fromThrowable(cause);
    notifyAll();
  }

  @Override
  public synchronized void onCompleted() {
    ended = Status.OK;
    notifyAll();
  }

  private static Address address(String host, int port) {
    return Address.newBuilder()
        .setSocketAddress(SocketAddress.newBuilder().setAddress(host).setPortValue(port))
        .build();
  }

  private static Duration millis(int millis) {
    return Duration.newBuilder()
        .setSeconds(millis / 1000)
        .setNanos(millis % 1000 * 1_000_000)
        .build();
  }
}
