package dev.loopgate.xds;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One Envoy's stream, between it and the discovery server of java-control-plane. Confined to the
/// thread `xds`.
///
/// The server sends what was not taken again at once, thousands of times a second. So it is told
/// that all was taken: it waits for the next version then. What was not taken is asked for again
/// here, after a pause.
final class DiscoveryStream {
  /// What all streams share.
  ///
  /// @param closed told once of each stream that is over
  record Served(
      String group,
      AggregatedDiscoveryServiceImplBase server,
      Tasks tasks,
      ControlPlane.Pace pace,
      XdsEvents events,
      Turns turns,
      Consumer<DiscoveryStream> closed) {}

  /// What became of a type's last response.
  private static final class Subscription {
    private String version = "";
    private String nonce = "";
    private boolean answered; // by the Envoy: taken or not
    private int refusals; // in a row
    private @Nullable Future<?> retry;

    private void stopRetry() {
      if (retry != null) {
        retry.cancel(false);
        retry = null;
      }
    }
  }

  /// A request says some names and, first, who asks. The server keeps the last one of each type.
  private static final int REQUEST_BYTES_MAX = 256 << 10;

  /// What an Envoy is told at the end.
  static final String STOPS = "the control plane stops";

  private static final int SHIFT_MAX = 16;
  private static final int REASON_LENGTH_MAX = 400;
  private static final Pattern NAME = Pattern.compile("[!-~]{1,256}");

  private final Served served;
  private final ServerCallStreamObserver<DiscoveryResponse> envoy;
  private final StreamObserver<DiscoveryRequest> server;
  private final Map<XdsType, Subscription> subscriptions = new EnumMap<>(XdsType.class);
  private final Queue<DiscoveryResponse> unsent = new ArrayDeque<>(); // one of each type at most
  private @Nullable Node node;
  private long taken; // of the turns
  private @Nullable Future<?> slow;
  private boolean over;

  DiscoveryStream(Served served, ServerCallStreamObserver<DiscoveryResponse> envoy) {
    this.served = served;
    this.envoy = envoy;
    this.server =
        served
            .server()
            .streamAggregatedResources(
                new StreamObserver<>() {
                  @Override
                  public void onNext(DiscoveryResponse response) {
                    responded(response);
                  }

                  @Override
                  public void onError(Throwable t) {} // an echo of ours: nothing else ends it

                  @Override
                  public void onCompleted() {}
                });
  }

  void opened() {
    served.events().opened();
  }

  /// A request came: a subscription, or what became of a response.
  void asked(DiscoveryRequest request) {
    if (over) {
      return;
    }
    Node from = node == null ? nodeOf(request) : node;
    if (from == null) {
      return; // refused
    }
    node = from;
    XdsType type = XdsType.ofUrl(request.getTypeUrl());
    if (type == null) {
      refuse(RefusedReason.UNKNOWN_TYPE, "type_url: not served; allowed: LDS, RDS, CDS, EDS");
    } else if (request.getSerializedSize() > REQUEST_BYTES_MAX) {
      refuse(RefusedReason.OVER_BOUNDS, "request: larger than " + REQUEST_BYTES_MAX + " bytes");
    } else {
      asked(type, request, from);
    }
  }

  private void asked(XdsType type, DiscoveryRequest request, Node from) {
    Subscription of = subscription(type);
    DiscoveryRequest.Builder passed = request.toBuilder().setNode(from).clearErrorDetail();
    // An older nonce is about what was overtaken; the server ignores it.
    if (!of.nonce.isEmpty() && request.getResponseNonce().equals(of.nonce)) {
      if (!of.answered) {
        of.answered = true;
        if (request.hasErrorDetail()) {
          nacked(type, of, request, from);
        } else {
          of.refusals = 0;
          served.events().acked(type);
        }
      }
      if (of.refusals > 0) {
        passed.setVersionInfo(of.version); // in the server's eyes it was taken
        of.stopRetry();
        retryLater(type, of, request.toBuilder().setNode(from).clearErrorDetail().build());
      }
    }
    serve(passed.build());
  }

  private void serve(DiscoveryRequest request) {
    try {
      server.onNext(request);
    } catch (RuntimeException e) {
      close(Status.INTERNAL); // else it would wait for ever
      throw e;
    }
  }

  private void nacked(XdsType type, Subscription of, DiscoveryRequest request, Node from) {
    of.refusals++;
    String reason = printable(request.getErrorDetail().getMessage());
    served.events().nacked(type, of.version, from.getId(), reason);
  }

  // What the server is told then is the truth: it answers with what it has.
  private void retryLater(XdsType type, Subscription of, DiscoveryRequest truth) {
    long factor = 1L << Math.min(of.refusals - 1, SHIFT_MAX);
    Duration pause = served.pace().retryMin().multipliedBy(factor);
    Duration max = served.pace().retryMax();
    of.retry =
        served
            .tasks()
            .after(
                pause.compareTo(max) < 0 ? pause : max,
                () -> {
                  if (!over && truth.getResponseNonce().equals(subscription(type).nonce)) {
                    serve(truth);
                  }
                });
  }

  /// The server has something for the Envoy.
  private void responded(DiscoveryResponse response) {
    if (!over) {
      unsent.add(response);
      XdsType type = XdsType.ofUrl(response.getTypeUrl());
      if (type != null) { // nothing else was asked for
        Subscription of = subscription(type);
        of.refusals = of.version.equals(response.getVersionInfo()) ? of.refusals : 0;
        of.version = response.getVersionInfo();
        of.nonce = response.getNonce();
        of.answered = false;
        of.stopRetry();
      }
      send();
    }
  }

  private Subscription subscription(XdsType type) {
    return subscriptions.computeIfAbsent(type, _ -> new Subscription());
  }

  /// Sends what is due, as far as it is this stream's turn.
  void send() {
    while (!over && taken == 0) {
      DiscoveryResponse next = unsent.peek();
      if (next == null || !served.turns().take(this, next.getSerializedSize())) {
        return;
      }
      unsent.remove();
      taken = next.getSerializedSize();
      XdsType type = XdsType.ofUrl(next.getTypeUrl());
      if (type != null) {
        served.events().sent(type);
      }
      envoy.onNext(next);
      if (envoy.isReady()) {
        giveBack();
      } else {
        slow = served.tasks().after(served.pace().sendWithin(), this::tooSlow);
      }
    }
  }

  /// The Envoy may have read what it was sent.
  void drained() {
    if (!over && taken > 0 && envoy.isReady()) {
      giveBack();
      send();
    }
  }

  private void giveBack() {
    long given = taken;
    taken = 0;
    if (slow != null) {
      slow.cancel(false);
      slow = null;
    }
    served.turns().giveBack(given);
  }

  private void tooSlow() {
    if (taken > 0) {
      refuse(
          RefusedReason.TOO_SLOW, "not read for " + served.pace().sendWithin().toSeconds() + " s");
    }
  }

  /// The Envoy has gone, or says no more.
  void left() {
    close(Status.OK);
  }

  /// Nothing is served any more.
  void end() {
    close(Status.UNAVAILABLE.withDescription(STOPS));
  }

  private void refuse(RefusedReason reason, String line) {
    served.events().refused(reason, line);
    close(Status.INVALID_ARGUMENT.withDescription(line));
  }

  private void close(Status status) {
    if (over) {
      return;
    }
    over = true;
    subscriptions.values().forEach(Subscription::stopRetry);
    unsent.clear();
    served.turns().forget(this);
    giveBack();
    server.onCompleted();
    if (!envoy.isCancelled()) {
      if (status.isOk()) {
        envoy.onCompleted();
      } else {
        envoy.onError(status.asRuntimeException());
      }
    }
    served.events().closed();
    served.closed().accept(this);
  }

  /// Who asks; null when he was refused. Only what is looked at is kept: an Envoy says some 30 KiB
  /// of itself.
  private @Nullable Node nodeOf(DiscoveryRequest request) {
    Node said = request.getNode();
    if (!NAME.matcher(said.getId()).matches() || !NAME.matcher(said.getCluster()).matches()) {
      refuse(
          RefusedReason.NO_NODE,
          "node: id and cluster are needed; allowed: 1 to 256 visible ASCII characters each");
      return null;
    }
    if (!said.getCluster().equals(served.group())) {
      refuse(
          RefusedReason.UNKNOWN_GROUP,
          "node.cluster: value=" + said.getCluster() + ", allowed=" + served.group());
      return null;
    }
    return Node.newBuilder().setId(said.getId()).setCluster(said.getCluster()).build();
  }

  private static String printable(String text) {
    StringBuilder line = new StringBuilder();
    text.chars()
        .limit(REASON_LENGTH_MAX)
        .forEach(c -> line.append(c >= ' ' && c <= '~' ? (char) c : '?'));
    return text.length() > REASON_LENGTH_MAX ? line + "..." : line.toString();
  }
}
