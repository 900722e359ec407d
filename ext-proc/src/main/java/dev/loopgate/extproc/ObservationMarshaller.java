package dev.loopgate.extproc;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.UnsafeByteOperations;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingRequest;
import io.grpc.HasByteBuffer;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Reads messages without copying their bodies: these lie in the connection's own buffers, and are
/// valid until the call that is given the message returns. So whoever uses this runs on a direct
/// executor, and copies what it keeps.
final class ObservationMarshaller implements MethodDescriptor.Marshaller<ProcessingRequest> {
  private static final int DEPTH_MAX = 32; // of what a caller nests; Envoy nests less than 10

  @Override
  public InputStream stream(ProcessingRequest message) {
    return message.toByteString().newInput();
  }

  /// What is no such message is one that shows nothing: the stream's own business, where an
  /// exception would be taken for a bug of ours.
  @Override
  public ProcessingRequest parse(InputStream stream) {
    try {
      CodedInputStream in = input(stream);
      in.setRecursionLimit(DEPTH_MAX);
      ProcessingRequest message = ProcessingRequest.parseFrom(in);
      in.checkLastTagWas(0);
      return message;
    } catch (IOException | StatusRuntimeException _) {
      return ProcessingRequest.getDefaultInstance();
    }
  }

  private static CodedInputStream input(InputStream stream) throws IOException {
    if (!(stream instanceof KnownLength)
        || !(stream instanceof HasByteBuffer buffers)
        || !buffers.byteBufferSupported()
        || !stream.markSupported()) {
      return CodedInputStream.newInstance(stream.readAllBytes());
    }
    List<ByteString> pieces = new ArrayList<>(2);
    stream.mark(stream.available()); // else a piece that was skipped is given back
    while (stream.available() > 0) {
      ByteBuffer piece = buffers.getByteBuffer();
      if (piece == null || !piece.hasRemaining()) {
        throw new IOException("a message without its bytes");
      }
      pieces.add(UnsafeByteOperations.unsafeWrap(piece));
      stream.skipNBytes(piece.remaining());
    }
    CodedInputStream in =
        (pieces.size() == 1 ? pieces.getFirst() : ByteString.copyFrom(pieces)).newCodedInput();
    in.enableAliasing(true);
    return in;
  }
}
