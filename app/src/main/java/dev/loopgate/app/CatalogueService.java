package dev.loopgate.app;

import dev.loopgate.api.CatalogueDoor;
import dev.loopgate.policy.ApiAccess;
import dev.loopgate.policy.Question;
import dev.loopgate.proxy.LocalReply;
import dev.loopgate.proxy.LocalRequest;
import dev.loopgate.proxy.LocalService;
import dev.loopgate.spool.SpoolLane;
import java.util.function.Consumer;

/// The pages of `api`, served by `proxy`: the two rooms never see each other.
final class CatalogueService implements LocalService {
  private final CatalogueDoor door;
  private final boolean local;

  /// @param local whether only this machine reaches the door
  CatalogueService(CatalogueDoor door, boolean local) {
    this.door = door;
    this.local = local;
  }

  @Override
  public boolean serves(String method, String path) {
    return CatalogueDoor.serves(path);
  }

  /// A page has no token before somebody gives it one.
  @Override
  public Question.Target asked(String method, String path) {
    return new Question.ToApi(ApiAccess.ANYBODY);
  }

  @Override
  public int bodyBytesMax() {
    return 0;
  }

  @Override
  public void handle(LocalRequest request, SpoolLane lane, Consumer<LocalReply> reply) {
    ApiService.handle(request, local, door::handle, reply);
  }
}
