package dev.loopgate.proxy;

import io.netty.handler.codec.http.HttpResponseStatus;

/// The phrase behind a status that came without one.
final class Reasons {
  private Reasons() {}

  static String of(LocalReply reply) {
    return of(reply.status());
  }

  static String of(int status) {
    return HttpResponseStatus.valueOf(status).reasonPhrase();
  }
}
