package dev.loopgate.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import java.nio.ByteBuffer;
import java.util.List;

/// The four kinds of gRPC calls, as methods whose messages are bytes.
public enum GrpcKind {
  /// One question, one answer.
  UNARY(MethodType.UNARY, "ModelInfer"),
  /// Many questions, one answer.
  CLIENT_STREAMING(MethodType.CLIENT_STREAMING, "Upload"),
  /// One question, many answers.
  SERVER_STREAMING(MethodType.SERVER_STREAMING, "Watch"),
  /// Many of both.
  BIDI(MethodType.BIDI_STREAMING, "ModelStreamInfer");

  static final String SERVICE = "inference.GRPCInferenceService";

  private static final int FRAME_HEAD_BYTES = 5; // a flag, a length

  private final MethodType type;
  private final String name;

  GrpcKind(MethodType type, String name) {
    this.type = type;
    this.name = name;
  }

  MethodDescriptor<byte[], byte[]> method() {
    return MethodDescriptor.<byte[], byte[]>newBuilder()
        .setType(type)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, name))
        .setRequestMarshaller(GrpcBytes.AS_THEY_ARE)
        .setResponseMarshaller(GrpcBytes.AS_THEY_ARE)
        .build();
  }

  /// Whether there may be several questions.
  public boolean streamsRequests() {
    return this == CLIENT_STREAMING || this == BIDI;
  }

  /// Whether there may be several answers.
  public boolean streamsAnswers() {
    return this == SERVER_STREAMING || this == BIDI;
  }

  /// Messages as they stand in a body: uncompressed, each behind its length.
  public static String framed(List<byte[]> messages) {
    StringBuilder all = new StringBuilder();
    for (byte[] message : messages) {
      ByteBuffer frame = ByteBuffer.allocate(FRAME_HEAD_BYTES + message.length);
      frame.put((byte) 0).putInt(message.length).put(message);
      all.append(new String(frame.array(), ISO_8859_1));
    }
    return all.toString();
  }
}
