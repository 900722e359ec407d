package dev.loopgate.app;

import dev.loopgate.api.FeedbackDoor;
import dev.loopgate.policy.Question;
import dev.loopgate.proxy.LocalReply;
import dev.loopgate.proxy.LocalRequest;
import dev.loopgate.proxy.LocalService;
import dev.loopgate.spool.SpoolLane;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

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
  public Question.@Nullable Target asked(String method, String path) {
    return method.equals("GET") // which only the index is (contract section 8)
        ? null
        : new Question.ToFeedback();
  }

  @Override
  public int bodyBytesMax() {
    return bytesMax;
  }

  @Override
  public void handle(LocalRequest request, SpoolLane lane, Consumer<LocalReply> reply) {
    door.handle(
        ApiService.asApi(request), lane, answer -> reply.accept(ApiService.asLocal(answer)));
  }
}
