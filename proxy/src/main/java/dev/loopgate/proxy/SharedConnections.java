package dev.loopgate.proxy;

import dev.loopgate.fleet.Model;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// One event loop's HTTP/2 connections to one model, which exchanges share: as few as their streams
/// need. Confined to its event loop.
///
/// Who finds no room waits for a connection that is being made, or for a stream that ends. Who
/// waits is bounded by the exchanges in flight: each gives up by its own deadline, and is
/// forgotten.
final class SharedConnections implements ModelOpening.Owner {
  private final ModelPool pool;
  private final Model model;
  private final List<Http2ModelConnection> connections = new ArrayList<>();
  private final Deque<ModelPool.Borrower> waiting = new ArrayDeque<>();
  private boolean opening; // or waiting for a slot to do so
  private boolean slotted; // opening for sure

  SharedConnections(ModelPool pool, Model model) {
    this.pool = pool;
    this.model = model;
  }

  void acquire(ModelPool.Borrower borrower) {
    if (waiting.isEmpty() && lend(borrower)) {
      return;
    }
    waiting.add(borrower);
    open();
  }

  private boolean lend(ModelPool.Borrower borrower) {
    for (int i = 0; i < connections.size(); i++) {
      if (connections.get(i).hasRoom()) {
        borrower.modelReady(connections.get(i).newCall());
        return true;
      }
    }
    return false;
  }

  private void open() {
    if (!opening) {
      opening = true;
      slotted = false;
      pool.openShared(model, this, () -> slotted = true);
    }
  }

  /// The slot came too late.
  void notOpened() {
    opening = false;
  }

  private void serve() {
    while (!waiting.isEmpty()) {
      ModelPool.Borrower next = waiting.peek();
      if (next.isGone()) {
        waiting.remove();
      } else {
        if (!hasRoom()) {
          open();
          return;
        }
        waiting.remove();
        lend(next);
      }
    }
  }

  private boolean hasRoom() {
    return connections.stream().anyMatch(Http2ModelConnection::hasRoom);
  }

  /// The borrower gave up. Says whether it waited although the model can be reached.
  boolean forget(ModelPool.Borrower borrower) {
    return waiting.remove(borrower) && (!connections.isEmpty() || !slotted);
  }

  boolean isEmpty() {
    return connections.isEmpty() && waiting.isEmpty() && !opening;
  }

  void tick(long nowNanos) {
    for (Http2ModelConnection connection : List.copyOf(connections)) {
      connection.tick(nowNanos);
    }
  }

  /// Closes what carries nothing; the others close with their last stream.
  void close() {
    for (Http2ModelConnection connection : List.copyOf(connections)) {
      connection.close();
    }
  }

  /// Closes one that carries nothing, if there is one.
  boolean closeOneIdle() {
    for (Http2ModelConnection connection : connections) {
      if (connection.isIdle()) {
        connection.close();
        return true;
      }
    }
    return false;
  }

  @Override
  public boolean isGone() {
    waiting.removeIf(ModelPool.Borrower::isGone);
    return waiting.isEmpty();
  }

  @Override
  public void opened(ModelConnection connection) {
    opening = false; // the server speaks HTTP/1.1 now
    pool.unshare(this);
    ModelPool.Borrower first = waiting.poll();
    if (first == null || first.isGone()) {
      pool.giveBack(connection);
    } else {
      first.modelReady(connection);
    }
    while (!waiting.isEmpty()) {
      pool.acquire(model, waiting.remove());
    }
  }

  @Override
  public void opened(Http2ModelConnection connection) {
    opening = false;
    add(connection);
    serve();
  }

  /// Takes a connection that somebody else had made.
  void add(Http2ModelConnection connection) {
    connections.add(connection);
  }

  @Override
  public void streamEnded(Http2ModelConnection connection) {
    serve();
  }

  @Override
  public void closed(Http2ModelConnection connection) {
    connections.remove(connection);
    pool.closedShared(model);
    serve();
  }

  @Override
  public void failed() {
    opening = false;
    pool.slotUnused();
    if (!connections.isEmpty()) {
      return; // who waits has a stream's end to wait for
    }
    while (!waiting.isEmpty()) {
      pool.tellUnreachable(waiting.remove());
    }
  }
}
