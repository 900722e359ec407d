package dev.loopgate.app;

import dev.loopgate.api.ApiReply;
import dev.loopgate.api.ApiRequest;
import dev.loopgate.api.FeedbackDoor;
import dev.loopgate.proxy.LocalReply;
import dev.loopgate.proxy.LocalRequest;
import dev.loopgate.proxy.LocalService;
import dev.loopgate.spool.SpoolLane;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/// The feedback door of `api`, served by `proxy`: the two rooms never see each other.
final class FeedbackService implements LocalService {
  private final FeedbackDoor door;
  private final int bytesMax;

  FeedbackService(FeedbackDoor door, int bytesMax) {
    this.door = door;
    this.bytesMax = bytesMax;
  }

  @Override
  public boolean serves(String method, String path) {
    return FeedbackDoor.serves(method, path);
  }

  @Override
  public boolean needsToken(String method, String path) {
    return !method.equals("GET"); // which only the index is (contract section 8)
  }

  @Override
  public int bodyBytesMax() {
    return bytesMax;
  }

  @Override
  public void handle(LocalRequest request, SpoolLane lane, Consumer<LocalReply> reply) {
    byte[] body = new byte[request.body().remaining()];
    request.body().duplicate().get(body);
    door.handle(
        new ApiRequest(
            request.method(), request.target(), request.headers(), body, request.bodyTooLarge()),
        lane,
        answer -> reply.accept(asLocal(answer)));
  }

  private static LocalReply asLocal(ApiReply reply) {
    return new LocalReply(reply.status(), reply.headers(), ByteBuffer.wrap(reply.body()));
  }
}
