package dev.loopgate.proxy;

import dev.loopgate.fleet.Model;
import io.netty.channel.ChannelFuture;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
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

  /// Addresses of a host that are tried for one request, at most.
  static final int ADDRESSES_MAX = 8;

  private final ProxyLoop loop;
  private final ModelSlots slots;
  private final ModelConnector connector;
  private final ModelResolver resolver;
  private final Map<String, ArrayDeque<ModelConnection>> idle = new HashMap<>();
  private final ByteBuffer one = ByteBuffer.allocateDirect(1);

  ModelPool(ProxyLoop loop, ModelSlots slots, ModelConnector connector, ModelResolver resolver) {
    this.loop = loop;
    this.slots = slots;
    this.connector = connector;
    this.resolver = resolver;
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

  // A slot is taken, and is given back with the connection or with the last failure.
  private void open(Model model, Borrower borrower) {
    long deadlineNanos = loop.time().nanos() + loop.config().model().connect().toNanos();
    resolver.resolve(
        model,
        loop.eventLoop(),
        found -> {
          List<InetAddress> tried = found.subList(0, Math.min(found.size(), ADDRESSES_MAX));
          connect(model, borrower, tried, deadlineNanos);
        });
  }

  /// Tries one address after the other; each has an equal part of the time that is left, so that
  /// one that is silent does not take it all.
  private void connect(
      Model model, Borrower borrower, List<InetAddress> addresses, long deadlineNanos) {
    long leftNanos = deadlineNanos - loop.time().nanos();
    if (addresses.isEmpty() || leftNanos <= 0 || borrower.isGone()) {
      failed(borrower);
      return;
    }
    ModelConnection connection = new ModelConnection(loop, model);
    ChannelFuture connecting =
        connector.connect(
            loop.eventLoop(),
            new InetSocketAddress(addresses.getFirst(), model.replica().port()),
            connection,
            Duration.ofNanos(leftNanos / addresses.size()));
    connecting.addListener(done -> {
      if (!done.isSuccess()) {
        connect(model, borrower, addresses.subList(1, addresses.size()), deadlineNanos);
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
