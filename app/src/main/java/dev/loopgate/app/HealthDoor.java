package dev.loopgate.app;

import dev.loopgate.proxy.LocalReply;
import dev.loopgate.proxy.LocalRequest;
import dev.loopgate.proxy.LocalService;
import dev.loopgate.spool.SpoolLane;
import java.util.function.Consumer;

/// `/healthz`: the process answers. `/readyz`: callers should come here, 503 where not.
final class HealthDoor implements LocalService {
  private final Readiness readiness;
  private final boolean detailed;

  /// @param detailed whether `/readyz` tells why
  HealthDoor(Readiness readiness, boolean detailed) {
    this.readiness = readiness;
    this.detailed = detailed;
  }

  @Override
  public boolean serves(String method, String path) {
    return (method.equals("GET") || method.equals("HEAD"))
        && (path.equals("/healthz") || path.equals("/readyz"));
  }

  @Override
  public int bodyBytesMax() {
    return 0;
  }

  @Override
  public void handle(LocalRequest request, SpoolLane lane, Consumer<LocalReply> reply) {
    if (request.target().startsWith("/healthz")) {
      reply.accept(LocalReply.json(200, "{\"status\":\"ok\"}"));
    } else {
      boolean ready = readiness.isReady();
      reply.accept(LocalReply.json(ready ? 200 : 503, readiness.json(detailed)));
    }
  }
}
