package dev.loopgate.extproc;

import io.envoyproxy.envoy.service.accesslog.v3.AccessLogServiceGrpc;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;

/// Reads what an Envoy logs.
final class AccessLogMarshaller implements MethodDescriptor.Marshaller<StreamAccessLogsMessage> {
  private final MethodDescriptor.Marshaller<StreamAccessLogsMessage> messages =
      AccessLogServiceGrpc.getStreamAccessLogsMethod().getRequestMarshaller();

  @Override
  public InputStream stream(StreamAccessLogsMessage message) {
    return messages.stream(message);
  }

  /// What is no such message is one that tells nothing: the stream's own business. After an
  /// exception gRPC ends the stream, and our own end of it would then break the connection.
  @Override
  public StreamAccessLogsMessage parse(InputStream stream) {
    try {
      return messages.parse(stream);
    } catch (StatusRuntimeException _) {
      return StreamAccessLogsMessage.getDefaultInstance();
    }
  }
}
