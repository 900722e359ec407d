package dev.loopgate.proxy;

import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.ReplicaState;
import dev.loopgate.fleet.Replicas;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/// One event loop's connections to models: the idle ones of each replica, and how a request gets
/// one. Confined to its event loop.
///
/// A request is written to a pooled connection only after a look whether it was closed meanwhile,
/// so none has to be sent twice: what was written once is never written again.
final class ModelPool {
  /// Who asked for a connection; told once, maybe before [#acquire] returns.
  interface Borrower {
    /// The connection is the borrower's until it is given to [#giveBack] or closed; its replica is
    /// told [ReplicaState#ended] by the borrower, once.
    void modelReady(ModelConnection connection);

    void modelUnreachable();

    /// As many requests wait for a connection as may.
    void tooManyWait();

    /// The borrower left or gave up: what was for it can be for another.
    boolean isGone();
  }

  /// What connections are made with.
  record Means(ModelSlots slots, ModelConnector connector, ModelResolver resolver) {}

  /// Addresses of a host that are tried for one request, at most.
  static final int ADDRESSES_MAX = 8;

  private final ProxyLoop loop;
  private final Means means;
  private final Map<ReplicaState, ArrayDeque<ModelConnection>> idle = new HashMap<>();
  // Bounded by the exchanges in flight: each gives up by its own deadline.
  private final IdentityHashMap<Borrower, ConnectionSearch> waiting = new IdentityHashMap<>();
  private final ByteBuffer one = ByteBuffer.allocateDirect(1);

  ModelPool(ProxyLoop loop, ModelSlots slots, ModelConnector connector, ModelResolver resolver) {
    this.loop = loop;
    this.means = new Means(slots, connector, resolver);
  }

  void acquire(Deployment deployment, Borrower borrower) {
    Replicas replicas = deployment.replicas();
    ReplicaState replica = replicas.isOne() ? replicas.first() : firstOf(replicas);
    replica.started();
    if (!lend(replica, borrower)) {
      new ConnectionSearch(loop, means, deployment, replica, borrower).begin();
    }
  }

  /// Lends an idle connection to this replica, if there is one that lives.
  boolean lend(ReplicaState replica, Borrower borrower) {
    ArrayDeque<ModelConnection> connections = idle.get(replica);
    while (connections != null && !connections.isEmpty()) {
      ModelConnection connection = connections.pop(); // the last used is the likeliest to live
      if (connection.isUsable() && means.connector().isQuiet(connection.channel(), one)) {
        reached(connection.deployment(), replica);
        borrower.modelReady(connection);
        return true;
      }
      connection.close();
    }
    return false;
  }

  /// A connection to this replica was made, or lives.
  void reached(Deployment deployment, ReplicaState replica) {
    if (replica.reached()) {
      loop.events().replicaBack(deployment.model().id(), replica.replica().authority());
    }
  }

  /// The borrower waits for a slot from now on.
  void waits(Borrower borrower, ConnectionSearch search) {
    waiting.put(borrower, search);
  }

  void waitsNoMore(Borrower borrower) {
    waiting.remove(borrower);
  }

  /// The borrower gave up. Says whether it still waited for a free connection.
  boolean forget(Borrower borrower) {
    ConnectionSearch search = waiting.remove(borrower);
    return search != null && search.stop();
  }

  /// Takes back a connection whose answer is whole.
  void giveBack(ModelConnection connection) {
    if (means.slots().isAwaited() || loop.isDraining() || !connection.isUsable()) {
      connection.close();
      return;
    }
    ReplicaState replica = connection.replica();
    ModelSlots cap = ConnectionSearch.capOf(means.slots(), connection.deployment(), replica);
    if (cap == null || !cap.isAwaited()) {
      idle.computeIfAbsent(replica, _ -> new ArrayDeque<>()).push(connection);
    } else if (cap.nextOn(loop.eventLoop()) instanceof ConnectionSearch next) {
      // Later: what the model sent beyond its answer must not be taken for the next one's.
      loop.eventLoop().execute(() -> next.handed(connection));
    } else {
      connection.close(); // for another loop, which makes its own
    }
  }

  /// A connection is gone; told by itself, once.
  void closed(ModelConnection connection) {
    ReplicaState replica = connection.replica();
    ArrayDeque<ModelConnection> connections = idle.get(replica);
    if (connections != null) {
      connections.remove(connection);
    }
    loop.events().modelDisconnected(connection.deployment().model().id());
    means.slots().giveBack();
    ModelSlots cap = ConnectionSearch.capOf(means.slots(), connection.deployment(), replica);
    if (cap != null) {
      cap.giveBack();
    }
  }

  /// Closes what was idle for too long, and all that is idle of models that are in service no more.
  void sweep(long nowNanos) {
    Iterator<Map.Entry<ReplicaState, ArrayDeque<ModelConnection>>> all = idle.entrySet().iterator();
    while (all.hasNext()) {
      Map.Entry<ReplicaState, ArrayDeque<ModelConnection>> each = all.next();
      boolean retired = each.getKey().isRetired();
      ArrayDeque<ModelConnection> connections = each.getValue();
      while (!connections.isEmpty() && (retired || connections.peekLast().isExpired(nowNanos))) {
        connections.pollLast().close();
      }
      if (retired) {
        all.remove();
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

  void closeOneIdle() {
    for (ArrayDeque<ModelConnection> connections : idle.values()) {
      ModelConnection oldest = connections.pollLast();
      if (oldest != null) {
        oldest.close();
        return;
      }
    }
  }

  private ReplicaState firstOf(Replicas replicas) {
    return Objects.requireNonNull(
        replicas.choose(ThreadLocalRandom.current(), 0, loop.time().nanos()));
  }
}
