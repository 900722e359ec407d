package dev.loopgate.proxy;

import dev.loopgate.fleet.Model;
import io.netty.channel.ChannelFuture;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/// One event loop's connections to models: the idle ones, and how a request gets one. Confined to
/// its event loop.
///
/// A request is written to a pooled connection only after a look whether it was closed meanwhile,
/// so none has to be sent twice: what was written once is never written again.
final class ModelPool {
  /// Who asked for a connection; told once, maybe before [#acquire] returns.
  interface Borrower {
    /// The connection is the borrower's until it is given to [#giveBack] or closed.
    void modelReady(ModelConnection connection);

    void modelUnreachable();

    /// The borrower left or gave up: what was for it can be for another.
    boolean isGone();
  }

  private final ProxyLoop loop;
  private final ModelSlots slots;
  private final ModelConnector connector;
  private final Map<String, ArrayDeque<ModelConnection>> idle = new HashMap<>();
  private final ByteBuffer one = ByteBuffer.allocateDirect(1);

  ModelPool(ProxyLoop loop, ModelSlots slots, ModelConnector connector) {
    this.loop = loop;
    this.slots = slots;
    this.connector = connector;
  }

  void acquire(Model model, Borrower borrower) {
    ArrayDeque<ModelConnection> connections = idle.get(model.id());
    while (connections != null && !connections.isEmpty()) {
      ModelConnection connection = connections.pop(); // the last used is the likeliest to live
      if (connection.isUsable() && connector.isQuiet(connection.channel(), one)) {
        borrower.modelReady(connection);
        return;
      }
      connection.close();
    }
    if (slots.tryTake()) {
      open(model, borrower);
    } else {
      closeOneIdle(); // of another model: its slot may be the one that is missing
      slots.await(
          loop.eventLoop(),
          borrower,
          () -> {
            if (borrower.isGone()) {
              slots.giveBack();
            } else {
              open(model, borrower);
            }
          });
    }
  }

  /// The borrower gave up. Says whether it still waited for a free connection.
  boolean forget(Borrower borrower) {
    return slots.forget(borrower);
  }

  /// Takes back a connection whose answer is whole.
  void giveBack(ModelConnection connection) {
    if (slots.isAwaited() || loop.isDraining() || !connection.isUsable()) {
      connection.close();
      return;
    }
    idle.computeIfAbsent(connection.model().id(), _ -> new ArrayDeque<>()).push(connection);
  }

  /// A connection is gone; told by itself, once.
  void closed(ModelConnection connection) {
    ArrayDeque<ModelConnection> connections = idle.get(connection.model().id());
    if (connections != null) {
      connections.remove(connection);
    }
    loop.events().modelDisconnected(connection.model().id());
    slots.giveBack();
  }

  /// Closes what was idle for too long.
  void sweep(long nowNanos) {
    for (ArrayDeque<ModelConnection> connections : idle.values()) {
      while (!connections.isEmpty() && connections.peekLast().isExpired(nowNanos)) {
        connections.pollLast().close();
      }
    }
  }

  void closeIdle() {
    for (ArrayDeque<ModelConnection> connections : idle.values()) {
      while (!connections.isEmpty()) {
        connections.pop().close();
      }
    }
  }

  private void closeOneIdle() {
    for (ArrayDeque<ModelConnection> connections : idle.values()) {
      ModelConnection oldest = connections.pollLast();
      if (oldest != null) {
        oldest.close();
        return;
      }
    }
  }

  // A slot is taken, and is given back with the connection or with its failure.
  private void open(Model model, Borrower borrower) {
    String host = model.host();
    byte[] literal = NetUtil.createByteArrayFromIpAddressString(host);
    if (literal != null) {
      try {
        connect(model, borrower, InetAddress.getByAddress(literal));
      } catch (UnknownHostException e) {
        throw new IllegalStateException("address of unusual length: host=" + host, e);
      }
      return;
    }
    // The resolver of the JDK blocks: it gets a thread of its own, which costs nothing while it
    // waits.
    Thread.ofVirtual()
        .name("resolve-" + model.id())
        .start(() -> {
          InetAddress found;
          try {
            found = InetAddress.getByName(host);
          } catch (UnknownHostException _) {
            loop.eventLoop().execute(() -> failed(borrower));
            return;
          }
          loop.eventLoop().execute(() -> connect(model, borrower, found));
        });
  }

  private void connect(Model model, Borrower borrower, InetAddress address) {
    ModelConnection connection = new ModelConnection(loop, model);
    ChannelFuture connecting =
        connector.connect(
            loop.eventLoop(), new InetSocketAddress(address, model.port()), connection);
    connecting.addListener(done -> {
      if (!done.isSuccess()) {
        failed(borrower);
        return;
      }
      loop.events().modelConnected(model.id());
      connection.opened(connecting.channel());
      if (borrower.isGone()) {
        giveBack(connection);
      } else {
        borrower.modelReady(connection);
      }
    });
  }

  private void failed(Borrower borrower) {
    slots.giveBack();
    // Later, since a connection may be refused while the borrower still begins.
    loop.eventLoop()
        .execute(() -> {
          if (!borrower.isGone()) {
            borrower.modelUnreachable();
          }
        });
  }
}
