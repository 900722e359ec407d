package dev.loopgate.proxy;

import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Hosted;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.ReplicaState;
import dev.loopgate.fleet.Replicas;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// One event loop's connections to models: of each replica the idle ones and the shared ones, and
/// how a request gets one. Confined to its event loop.
///
/// A request is written to a pooled connection only after a look whether it was closed meanwhile,
/// so none has to be sent twice: what was written once is never written again.
final class ModelPool {
  /// Who asked for a connection; told once, maybe before [#acquire] returns.
  interface Borrower {
    /// The call is the borrower's until it lets go of it or closes it; its replica is told
    /// [ReplicaState#ended] by the borrower, once.
    void modelReady(ModelCall call);

    void modelUnreachable();

    /// As many requests wait for a connection as may.
    void tooManyWait();

    /// The borrower left or gave up: what was for it can be for another.
    boolean isGone();
  }

  /// What connections are made with.
  record Means(ModelSlots slots, ModelConnector connector, ModelResolver resolver, ModelTls tls) {}

  private final ProxyLoop loop;
  private final Means means;
  private final Map<ReplicaState, ArrayDeque<ModelConnection>> idle = new HashMap<>();
  private final Map<ReplicaState, List<Http2ModelConnection>> shared = new HashMap<>();
  private final Map<Deployment, SharedWait> sharings = new HashMap<>();
  // Bounded by the exchanges in flight: each gives up by its own deadline.
  private final Map<Borrower, ConnectionSearch> waiting = new HashMap<>();
  private final ByteBuffer one = ByteBuffer.allocateDirect(1);

  ModelPool(ProxyLoop loop, Means means) {
    this.loop = loop;
    this.means = means;
  }

  void acquire(Deployment deployment, Borrower borrower) {
    ReplicaState replica = started(deployment);
    if (replica == null) {
      tellLater(borrower, borrower::modelUnreachable);
      return;
    }
    if (lend(replica, borrower)) {
      return;
    }
    SharedWait sharing = sharingOf(deployment);
    if (sharing == null) {
      search(deployment, replica, borrower);
    } else {
      sharing.add(replica, borrower);
    }
  }

  /// Makes a connection for `borrower`, to `replica` if that is possible.
  void search(Deployment deployment, ReplicaState replica, Borrower borrower) {
    new ConnectionSearch(loop, means, deployment, replica, borrower).begin();
  }

  // Who waits for connections that are shared, null where each request has its own.
  private @Nullable SharedWait sharingOf(Deployment deployment) {
    Protocol protocol = deployment.model().upstream().protocol();
    if (protocol == Protocol.HTTP1) {
      return null;
    }
    SharedWait sharing = sharings.get(deployment);
    if (sharing == null) {
      sharing = new SharedWait(loop, deployment);
      sharings.put(deployment, sharing);
    }
    return sharing.isOfNoUse() ? null : sharing;
  }

  /// Lends an idle or shared connection to this replica, if there is one that lives and has room.
  boolean lend(ReplicaState replica, Borrower borrower) {
    List<Http2ModelConnection> streams = shared.get(replica);
    Http2ModelConnection room = streams == null ? null : withRoom(streams);
    if (room != null) {
      reached(room.deployment(), replica);
      borrower.modelReady(room.newCall());
      return true;
    }
    ArrayDeque<ModelConnection> connections = idle.get(replica);
    while (connections != null && !connections.isEmpty()) {
      ModelConnection connection = connections.pop(); // the last used is the likeliest to live
      if (isQuiet(connection)) {
        reached(connection.deployment(), replica);
        borrower.modelReady(connection);
        return true;
      }
      connection.close();
    }
    return false;
  }

  /// Whether a connection that nobody uses can be used, at this very moment.
  boolean isQuiet(ModelConnection connection) {
    return connection.isUsable() && means.connector().isQuiet(connection.channel(), one);
  }

  private static @Nullable Http2ModelConnection withRoom(List<Http2ModelConnection> streams) {
    for (int i = 0; i < streams.size(); i++) {
      if (streams.get(i).hasRoom()) {
        return streams.get(i);
      }
    }
    return null;
  }

  /// A shared connection to any of the deployment's replicas that can take another call.
  @Nullable Http2ModelConnection sharedWithRoom(Deployment deployment) {
    for (ReplicaState replica : deployment.replicas().all()) {
      List<Http2ModelConnection> streams = shared.get(replica);
      Http2ModelConnection room = streams == null ? null : withRoom(streams);
      if (room != null) {
        return room;
      }
    }
    return null;
  }

  /// Whether there is a shared connection that carries nothing and has no room all the same:
  /// another one would have none either.
  boolean takesNoCalls(Deployment deployment) {
    for (ReplicaState replica : deployment.replicas().all()) {
      for (Http2ModelConnection connection : shared.getOrDefault(replica, List.of())) {
        if (connection.isIdle() && !connection.isOver() && !connection.hasRoom()) {
          return true;
        }
      }
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
    boolean waited = search != null && search.stop();
    for (SharedWait sharing : sharings.values()) {
      waited |= sharing.forget(borrower);
    }
    return waited;
  }

  /// A connection that exchanges share is there.
  void share(Http2ModelConnection connection) {
    shared.computeIfAbsent(connection.replica(), _ -> new ArrayList<>()).add(connection);
  }

  /// A shared connection may have room for one more.
  void streamEnded(Http2ModelConnection connection) {
    if ((loop.isDraining() || connection.isOver()) && connection.isIdle()) {
      connection.close();
    }
    SharedWait sharing = sharings.get(connection.deployment());
    if (sharing != null) {
      sharing.serve();
    }
  }

  /// A shared connection is gone; told once.
  void closed(Http2ModelConnection connection) {
    List<Http2ModelConnection> streams = shared.get(connection.replica());
    if (streams != null && streams.remove(connection) && streams.isEmpty()) {
      shared.remove(connection.replica());
    }
    gone(connection.deployment(), connection.replica());
    SharedWait sharing = sharings.get(connection.deployment());
    if (sharing != null) {
      sharing.serve();
    }
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
    gone(connection.deployment(), replica);
  }

  private void gone(Deployment deployment, ReplicaState replica) {
    loop.events().modelDisconnected(deployment.model().id());
    means.slots().giveBack();
    ModelSlots cap = ConnectionSearch.capOf(means.slots(), deployment, replica);
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
    sharings.entrySet().removeIf(each -> each.getKey().isRetired() && each.getValue().isIdle());
    if (means.slots().isAwaited()) {
      closeOneIdle(); // somebody on another loop may wait for its slot
    }
    for (Http2ModelConnection connection : allShared()) {
      if (connection.replica().isRetired()) {
        connection.close();
      }
      connection.tick(nowNanos);
    }
  }

  // Connections come off the map while they are told something.
  private List<Http2ModelConnection> allShared() {
    if (shared.isEmpty()) {
      return List.of();
    }
    List<Http2ModelConnection> all = new ArrayList<>();
    shared.values().forEach(all::addAll);
    return all;
  }

  void closeIdle() {
    for (ArrayDeque<ModelConnection> connections : idle.values()) {
      while (!connections.isEmpty()) {
        connections.pop().close();
      }
    }
    allShared().forEach(Http2ModelConnection::close); // with their last stream
  }

  void closeOneIdle() {
    for (ArrayDeque<ModelConnection> connections : idle.values()) {
      ModelConnection oldest = connections.pollLast();
      if (oldest != null) {
        oldest.close();
        return;
      }
    }
    for (Http2ModelConnection connection : allShared()) {
      if (connection.isIdle()) {
        connection.close();
        return;
      }
    }
  }

  /// Tells a borrower something after it has returned from asking, unless it is gone by then.
  void tellLater(Borrower borrower, Runnable what) {
    loop.eventLoop()
        .execute(() -> {
          if (!borrower.isGone()) {
            what.run();
          }
        });
  }

  /// The replica for a deployment's next request.
  ReplicaState choose(Deployment deployment) {
    Replicas replicas = deployment.replicas();
    return replicas.isOne() ? replicas.first() : firstOf(replicas);
  }

  // Null where all that answered are gone at this moment.
  private @Nullable ReplicaState started(Deployment deployment) {
    Hosted hosted = deployment.hosted();
    if (hosted == null) {
      ReplicaState replica = choose(deployment);
      replica.started();
      return replica;
    }
    int max = hosted.terms().concurrencyMax();
    if (max > 0) {
      return hosted.replicas().startedWithin(max, loop.time().nanos());
    }
    ReplicaState replica =
        hosted.replicas().choose(ThreadLocalRandom.current(), 0, loop.time().nanos());
    if (replica != null) {
      replica.started();
    }
    return replica;
  }

  /// Whether there is a shared connection to any of its replicas.
  boolean isReached(Deployment deployment) {
    return deployment.replicas().all().stream().anyMatch(shared::containsKey);
  }

  private ReplicaState firstOf(Replicas replicas) {
    return Objects.requireNonNull(
        replicas.choose(ThreadLocalRandom.current(), 0, loop.time().nanos()));
  }
}
