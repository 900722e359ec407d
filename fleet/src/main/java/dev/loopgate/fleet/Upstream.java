package dev.loopgate.fleet;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// How the servers of a model are reached.
///
/// @param replicas the servers, 1 to [#REPLICAS_MAX], each once, all with the same scheme and base
///   path: what is asked of one could be asked of any; none only in [#HOSTED] and [#HOSTED_GRPC]
/// @param protocol what they are spoken to in; [Protocol#H2] needs TLS, [Protocol#H2C] none
/// @param grpc whether they serve gRPC: then calls that no path names a model for may be theirs
/// @param trust of TLS; without it of no use
public record Upstream(List<Replica> replicas, Protocol protocol, boolean grpc, ServerTrust trust) {
  /// A replica is a bit of a long where those that were tried are remembered.
  public static final int REPLICAS_MAX = Long.SIZE;

  /// Servers that a [ModelHost] runs, which come and go: [Hosted] knows them. HTTP/1.1, at the
  /// root.
  public static final Upstream HOSTED =
      new Upstream(List.of(), Protocol.HTTP1, false, ServerTrust.DEFAULT);

  /// Likewise, in gRPC without TLS.
  public static final Upstream HOSTED_GRPC =
      new Upstream(List.of(), Protocol.H2C, true, ServerTrust.DEFAULT);

  public Upstream {
    replicas = List.copyOf(replicas);
    checkAlike(replicas);
    boolean secure = !replicas.isEmpty() && replicas.getFirst().isSecure();
    if ((protocol == Protocol.H2 && !secure) || (protocol == Protocol.H2C && secure)) {
      throw new IllegalArgumentException(
          "model protocol: value="
              + protocol.word()
              + ", allowed="
              + (secure ? "http1, h2, auto for https" : "http1, h2c, auto for http"));
    }
    if (grpc && protocol == Protocol.HTTP1) {
      throw new IllegalArgumentException("model protocol: value=http1, allowed=not for grpc");
    }
    if (grpc && protocol == Protocol.AUTO) {
      protocol = secure ? Protocol.H2 : Protocol.H2C; // gRPC is nothing else
    }
    if (protocol == Protocol.AUTO && !secure) {
      protocol = Protocol.HTTP1; // nothing is agreed on without TLS
    }
  }

  /// Servers as they mostly are: HTTP/1.1, or what TLS agrees on.
  ///
  /// @param replicas one or more
  public Upstream(List<Replica> replicas) {
    this(replicas, Protocol.AUTO, false, ServerTrust.DEFAULT);
    if (replicas.isEmpty()) {
      throw new IllegalArgumentException("model url: none, allowed=one or more");
    }
  }

  /// Whether its servers come and go.
  public boolean isHosted() {
    return replicas.isEmpty();
  }

  private static void checkAlike(List<Replica> replicas) {
    if (replicas.size() > REPLICAS_MAX) {
      throw new IllegalArgumentException(
          "model urls: count=" + replicas.size() + ", allowed=1 to " + REPLICAS_MAX);
    }
    if (replicas.isEmpty()) {
      return;
    }
    Replica first = replicas.getFirst();
    Set<String> authorities = new HashSet<>();
    for (Replica replica : replicas) {
      if (!first.scheme().equals(replica.scheme())
          || !first.basePath().equals(replica.basePath())) {
        throw new IllegalArgumentException(
            "model urls: value="
                + replica.url()
                + ", allowed=the scheme and path of "
                + first.url());
      }
      if (!authorities.add(replica.authority())) {
        throw new IllegalArgumentException(
            "model urls: value=" + replica.url() + " stands twice, allowed=each server once");
      }
    }
  }

  /// Whether they are reached over TLS.
  public boolean isSecure() {
    return !isHosted() && replicas.getFirst().isSecure();
  }

  /// Whether it is known beforehand that HTTP/2 is spoken.
  public boolean isHttp2() {
    return protocol == Protocol.H2 || protocol == Protocol.H2C;
  }
}
