package dev.loopgate.testkit;

import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/// Messages of gRPC that are bytes, whatever they mean. Any thread.
public final class GrpcBytes implements MethodDescriptor.Marshaller<byte[]> {
  /// The one there is.
  public static final GrpcBytes AS_THEY_ARE = new GrpcBytes();

  private GrpcBytes() {}

  @Override
  public InputStream stream(byte[] message) {
    return new ByteArrayInputStream(message);
  }

  @Override
  public byte[] parse(InputStream message) {
    try {
      return message.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
