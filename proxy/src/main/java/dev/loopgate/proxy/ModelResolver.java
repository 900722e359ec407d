package dev.loopgate.proxy;

import dev.loopgate.fleet.Replica;
import io.netty.channel.EventLoop;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.function.Consumer;

/// Finds where a model's host is.
interface ModelResolver {
  /// The resolver of the JDK, with the machine's order of addresses.
  ModelResolver OF_SYSTEM = ModelResolver::ofSystem;

  /// Called on `loop`. `found` is told there, once, maybe before this returns: the addresses in the
  /// order to try them, none when the host is unknown.
  void resolve(Replica replica, EventLoop loop, Consumer<List<InetAddress>> found);

  private static void ofSystem(Replica replica, EventLoop loop, Consumer<List<InetAddress>> found) {
    String host = replica.host();
    byte[] literal = NetUtil.createByteArrayFromIpAddressString(host);
    if (literal != null) {
      found.accept(List.of(ofLiteral(literal)));
      return;
    }
    // The resolver of the JDK blocks: it gets a thread of its own, which costs nothing while it
    // waits.
    Thread.ofVirtual()
        .name("resolve-" + host)
        .start(() -> {
          List<InetAddress> addresses = ofName(host);
          loop.execute(() -> found.accept(addresses));
        });
  }

  private static InetAddress ofLiteral(byte[] literal) {
    try {
      return InetAddress.getByAddress(literal);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("address: bytes=" + literal.length + ", allowed=4 or 16", e);
    }
  }

  private static List<InetAddress> ofName(String host) {
    try {
      return List.of(InetAddress.getAllByName(host));
    } catch (UnknownHostException _) {
      return List.of(); // which is what the caller is told
    }
  }
}
