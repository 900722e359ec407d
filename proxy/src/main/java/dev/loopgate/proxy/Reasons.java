package dev.loopgate.proxy;

import io.netty.handler.codec.http.HttpResponseStatus;

/// The phrase behind a status of ours.
final class Reasons {
  private Reasons() {}

  static String of(LocalReply reply) {
    return HttpResponseStatus.valueOf(reply.status()).reasonPhrase();
  }
}
