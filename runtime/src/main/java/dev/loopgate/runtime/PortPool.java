package dev.loopgate.runtime;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;

/// Gives each server a port that nobody listens on and no other one was given: between its start
/// and its first answer only we know that it will need it. Any thread.
final class PortPool {
  private static final int TRIES_MAX = 64; // all of them the same few ports: there are no others

  private final Set<Integer> given = new HashSet<>(); // guarded by itself

  /// A port that is free at this moment.
  ///
  /// @throws IOException when there is none
  int take() throws IOException {
    for (int i = 0; i < TRIES_MAX; i++) {
      int port = free();
      synchronized (given) {
        if (given.add(port)) {
          return port;
        }
      }
    }
    throw new IOException("no free port: tries=" + TRIES_MAX);
  }

  private static int free() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }

  /// Its server has ended.
  void giveBack(int port) {
    synchronized (given) {
      given.remove(port);
    }
  }
}
