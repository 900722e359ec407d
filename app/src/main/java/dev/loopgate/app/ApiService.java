package dev.loopgate.app;

import dev.loopgate.api.ApiReply;
import dev.loopgate.api.ApiRequest;
import dev.loopgate.api.ApiStream;
import dev.loopgate.api.DeclaredDoor;
import dev.loopgate.policy.Question;
import dev.loopgate.proxy.LocalReply;
import dev.loopgate.proxy.LocalRequest;
import dev.loopgate.proxy.LocalService;
import dev.loopgate.proxy.LocalStream;
import dev.loopgate.spool.SpoolLane;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The door of `api` for what is declared, served by `proxy`: the two rooms never see each other.
final class ApiService implements LocalService {
  /*
   * Who may declare can have programs run here. A page in this machine's browser may send requests to a door that
   * only this machine reaches, under a name of its own that leads here, or across origins: it is no caller of ours.
   */

  private static final LocalReply FOREIGN =
      LocalReply.json(
          403,
          "{\"message\":\"access forbidden: a page of another origin asks; allowed: no Origin header, or that of"
              + " this door, asked by its address or as localhost\"}");

  private final DeclaredDoor door;
  private final boolean local;

  /// @param local whether only this machine reaches the door
  ApiService(DeclaredDoor door, boolean local) {
    this.door = door;
    this.local = local;
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
    handle(request, local, door::handle, reply);
  }

  /// Has a door of `api` answer, unless a page asks that is not this door's own.
  static void handle(
      LocalRequest request,
      boolean local,
      BiConsumer<ApiRequest, Consumer<ApiReply>> door,
      Consumer<LocalReply> reply) {
    ApiRequest asked = asApi(request);
    if (isForeign(asked.header("origin"), request.host(), local)) {
      reply.accept(FOREIGN);
    } else {
      door.accept(asked, answer -> reply.accept(asLocal(answer)));
    }
  }

  /// Whether a page that is not this door's own asks.
  ///
  /// @param origin empty where no browser says one
  /// @param host as the caller calls the door; empty where it does not say
  static boolean isForeign(String origin, String host, boolean local) {
    boolean ours =
        origin.isEmpty() || origin.equals("http://" + host) || origin.equals("https://" + host);
    return !ours || (local && !host.isEmpty() && !isLocal(host));
  }

  private static boolean isLocal(String host) {
    if (host.startsWith("[")) {
      return true; // an address
    }
    int colon = host.indexOf(':');
    String name = (colon < 0 ? host : host.substring(0, colon)).toLowerCase(Locale.ROOT);
    return name.equals("localhost")
        || name.endsWith(".localhost")
        || name.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'));
  }

  private record ServedStream(ApiStream of) implements LocalStream {
    @Override
    public void open(Runnable more) {
      of.open(more);
    }

    @Override
    public @Nullable ByteBuffer take() {
      return of.take();
    }

    @Override
    public boolean isOver() {
      return of.isOver();
    }

    @Override
    public void close() {
      of.close();
    }
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
    ApiStream stream = reply.stream();
    return new LocalReply(
        reply.status(),
        reply.headers(),
        ByteBuffer.wrap(reply.body()),
        stream == null ? null : new ServedStream(stream));
  }
}
