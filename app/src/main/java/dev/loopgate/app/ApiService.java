package dev.loopgate.app;

import dev.loopgate.api.ApiReply;
import dev.loopgate.api.ApiRequest;
import dev.loopgate.api.DeclaredDoor;
import dev.loopgate.policy.Question;
import dev.loopgate.proxy.LocalReply;
import dev.loopgate.proxy.LocalRequest;
import dev.loopgate.proxy.LocalService;
import dev.loopgate.spool.SpoolLane;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/// The door of `api` for what is declared, served by `proxy`: the two rooms never see each other.
final class ApiService implements LocalService {
  private final DeclaredDoor door;

  ApiService(DeclaredDoor door) {
    this.door = door;
  }

  @Override
  public boolean serves(String method, String path) {
    return DeclaredDoor.serves(method, path);
  }

  @Override
  public Question.Target asked(String method, String path) {
    return new Question.ToApi(DeclaredDoor.access(method, path));
  }

  @Override
  public int bodyBytesMax() {
    return DeclaredDoor.BODY_BYTES_MAX;
  }

  @Override
  public void handle(LocalRequest request, SpoolLane lane, Consumer<LocalReply> reply) {
    door.handle(asApi(request), answer -> reply.accept(asLocal(answer)));
  }

  /// A request of the door, with bytes of its own.
  static ApiRequest asApi(LocalRequest request) {
    byte[] body = new byte[request.body().remaining()];
    request.body().duplicate().get(body);
    return new ApiRequest(
        request.method(), request.target(), request.headers(), body, request.bodyTooLarge());
  }

  /// An answer of the API's.
  static LocalReply asLocal(ApiReply reply) {
    return new LocalReply(reply.status(), reply.headers(), ByteBuffer.wrap(reply.body()));
  }
}
