package dev.loopgate.proxy;

import dev.loopgate.fleet.Model;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// One event loop's connections to models: the idle ones, those that are shared, and how a request
/// gets one. Confined to its event loop.
///
/// A request is written to a pooled connection only after a look whether it was closed meanwhile,
/// so none has to be sent twice: what was written once is never written again.
final class ModelPool {
  /// Who asked for a connection; told once, maybe before [#acquire] returns.
  interface Borrower {
    /// The call is the borrower's until it lets go of it or closes it.
    void modelReady(ModelCall call);

    void modelUnreachable();

    /// The borrower left or gave up: what was for it can be for another.
    boolean isGone();
  }

  private final ProxyLoop loop;
  private final ModelSlots slots;
  private final ModelConnector connector;
  private final ModelResolver resolver;
  private final ModelTls tls;
  private final Map<String, ArrayDeque<ModelConnection>> idle = new HashMap<>();
  private final Map<String, SharedConnections> shared = new HashMap<>();
  private final ByteBuffer one = ByteBuffer.allocateDirect(1);

  ModelPool(
      ProxyLoop loop,
      ModelSlots slots,
      ModelConnector connector,
      ModelResolver resolver,
      ModelTls tls) {
    this.loop = loop;
    this.slots = slots;
    this.connector = connector;
    this.resolver = resolver;
    this.tls = tls;
  }

  void acquire(Model model, Borrower borrower) {
    SharedConnections streams = sharedOf(model);
    if (streams != null) {
      streams.acquire(borrower);
      return;
    }
    ArrayDeque<ModelConnection> connections = idle.get(model.id());
    while (connections != null && !connections.isEmpty()) {
      ModelConnection connection = connections.pop(); // the last used is the likeliest to live
      if (connection.isUsable() && connector.isQuiet(connection.channel(), one)) {
        borrower.modelReady(connection);
        return;
      }
      connection.close();
    }
    withSlot(borrower, borrower::isGone, () -> open(model, new One(model, borrower)));
  }

  private @Nullable SharedConnections sharedOf(Model model) {
    SharedConnections streams = shared.get(model.id());
    if (streams == null && model.upstream().isHttp2()) {
      streams = new SharedConnections(this, model);
      shared.put(model.id(), streams);
    }
    return streams;
  }

  // Takes a slot now or later, and opens then.
  private void withSlot(Object owner, BooleanSupplier isGone, Runnable open) {
    if (slots.tryTake()) {
      open.run();
      return;
    }
    closeOneIdle(); // of another model: its slot may be the one that is missing
    slots.await(
        loop.eventLoop(),
        owner,
        () -> {
          if (isGone.getAsBoolean()) {
            slots.giveBack();
          } else {
            open.run();
          }
        });
  }

  /// The borrower gave up. Says whether it still waited for a free connection.
  boolean forget(Borrower borrower) {
    boolean waited = slots.forget(borrower);
    for (SharedConnections streams : shared.values()) {
      waited |= streams.forget(borrower);
    }
    return waited;
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

  /// A shared connection is gone.
  void closedShared(Model model) {
    loop.events().modelDisconnected(model.id());
    slots.giveBack();
  }

  /// Nothing came of an opening.
  void slotUnused() {
    slots.giveBack();
  }

  /// The model's servers do not share connections any more.
  void unshare(SharedConnections streams) {
    shared.values().remove(streams);
  }

  /// Opens one more connection for `streams`, once there is a slot.
  void openShared(Model model, SharedConnections streams, Runnable slotted) {
    withSlot(
        streams,
        () -> {
          boolean gone = streams.isGone();
          if (gone) {
            streams.notOpened();
          }
          return gone;
        },
        () -> {
          slotted.run();
          open(model, streams);
        });
  }

  /// Closes what was idle for too long.
  void sweep(long nowNanos) {
    for (ArrayDeque<ModelConnection> connections : idle.values()) {
      while (!connections.isEmpty() && connections.peekLast().isExpired(nowNanos)) {
        connections.pollLast().close();
      }
    }
    for (SharedConnections streams : List.copyOf(shared.values())) {
      streams.tick(nowNanos);
    }
  }

  void closeIdle() {
    for (ArrayDeque<ModelConnection> connections : idle.values()) {
      while (!connections.isEmpty()) {
        connections.pop().close();
      }
    }
    for (SharedConnections streams : List.copyOf(shared.values())) {
      streams.close();
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
    for (SharedConnections streams : List.copyOf(shared.values())) {
      if (streams.closeOneIdle()) {
        return;
      }
    }
  }

  // A slot is taken, and is given back with the connection or with the failure.
  private void open(Model model, ModelOpening.Owner owner) {
    new ModelOpening(loop, connector, model, owner).start(resolver, tls);
  }

  void tellUnreachable(Borrower borrower) {
    // Later, since a connection may be refused while the borrower still begins.
    loop.eventLoop()
        .execute(() -> {
          if (!borrower.isGone()) {
            borrower.modelUnreachable();
          }
        });
  }

  /// An opening for one request.
  private final class One implements ModelOpening.Owner {
    private final Model model;
    private final Borrower borrower;

    One(Model model, Borrower borrower) {
      this.model = model;
      this.borrower = borrower;
    }

    @Override
    public boolean isGone() {
      return borrower.isGone();
    }

    @Override
    public void opened(ModelConnection connection) {
      if (borrower.isGone()) {
        giveBack(connection);
      } else {
        borrower.modelReady(connection);
      }
    }

    @Override
    public void opened(Http2ModelConnection connection) {
      // Agreed on in the handshake: from now on the model's connections are shared.
      SharedConnections streams =
          shared.computeIfAbsent(model.id(), _ -> new SharedConnections(ModelPool.this, model));
      streams.add(connection);
      if (!borrower.isGone()) {
        streams.acquire(borrower);
      }
    }

    @Override
    public void streamEnded(Http2ModelConnection connection) {
      SharedConnections streams = shared.get(model.id());
      if (streams != null) {
        streams.streamEnded(connection);
      }
    }

    @Override
    public void closed(Http2ModelConnection connection) {
      SharedConnections streams = shared.get(model.id());
      if (streams != null) {
        streams.closed(connection);
      } else {
        closedShared(model);
      }
    }

    @Override
    public void failed() {
      slots.giveBack();
      tellUnreachable(borrower);
    }
  }
}
