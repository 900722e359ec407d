package dev.loopgate.extauthz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.fleet.Fleet;
import dev.loopgate.policy.Decision;
import dev.loopgate.policy.Policy;
import dev.loopgate.policy.Question;
import dev.loopgate.testkit.ManualTime;
import io.envoyproxy.envoy.service.auth.v3.AuthorizationGrpc;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Over a socket, with the server's event loops running what is asked, as `app` has it.
@Timeout(60)
final class AuthorizationServiceIT {
  private static final CheckRequest PREDICT =
      Asking.request("POST", "/model/wine/predict", "request-id: abc");

  /// Decides when the test says so, on the test's thread.
  private static final class Elsewhere implements Policy {
    private final BlockingQueue<Consumer<Decision>> asked = new ArrayBlockingQueue<>(1024);

    @Override
    public boolean forwardsTokens() {
      return false;
    }

    @Override
    public void decide(Question question, Consumer<Decision> answer) {
      asked.add(answer);
    }

    Consumer<Decision> next() throws InterruptedException {
      Consumer<Decision> next = asked.poll(20, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("nobody asked");
      }
      return next;
    }
  }

  private final Elsewhere policy = new Elsewhere();
  private final Asking.Told told = new Asking.Told();
  private Server server;
  private ManagedChannel channel;

  @BeforeEach
  void open() throws Exception {
    Fleet fleet = Fleet.of(List.of(Asking.model("wine", "/model/wine")));
    InetAddress loopback = InetAddress.getLoopbackAddress();
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(loopback, 0))
            .directExecutor()
            .addService(
                new AuthorizationService(
                    fleet, policy, Asking.DOOR, ManualTime.at("2026-11-24T10:00:00Z"), told))
            .build()
            .start();
    channel =
        NettyChannelBuilder.forAddress(new InetSocketAddress(loopback, server.getPort()))
            .usePlaintext()
            .build();
  }

  @AfterEach
  void close() throws Exception {
    channel.shutdownNow();
    server.shutdownNow();
    assertThat(channel.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    assertThat(server.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
  }

  private AuthorizationGrpc.AuthorizationFutureStub envoy() {
    return AuthorizationGrpc.newFutureStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  private void await(String word) {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!told.words().contains(word)) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited 20 s for " + word + ", told: " + told.words());
      }
      LockSupport.parkNanos(Duration.ofMillis(2).toNanos());
    }
  }

  @Test
  void answersAtOnceOrWhenItIsDecidedElsewhere() throws Exception {
    Future<CheckResponse> waiting = envoy().check(PREDICT);
    Consumer<Decision> later = policy.next();
    CheckResponse open =
        envoy().check(Asking.request("GET", "/model/wine/healthz")).get(20, TimeUnit.SECONDS);
    assertThat(Asking.passes(open)).isTrue();
    assertThat(waiting.isDone()).isFalse();

    later.accept(AskedPolicy.FORBIDDEN);

    assertThat(Asking.status(waiting.get(20, TimeUnit.SECONDS))).isEqualTo(403);
  }

  @Test
  void manyWaitAtOnceAndEachGetsItsOwn() throws Exception {
    List<Future<CheckResponse>> waiting = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      waiting.add(
          envoy().check(Asking.request("POST", "/model/wine/predict", "request-id: r" + i)));
    }
    for (int i = 0; i < 500; i++) {
      policy.next().accept(i % 2 == 0 ? AskedPolicy.ALLOWED : AskedPolicy.BAD_TOKEN);
    }

    int passed = 0;
    for (int i = 0; i < 500; i++) {
      CheckResponse response = waiting.get(i).get(20, TimeUnit.SECONDS);
      assertThat(Asking.fact(response, "request_id")).isEqualTo("r" + i);
      passed += Asking.passes(response) ? 1 : 0;
    }
    assertThat(passed).isEqualTo(250);
    assertThat(told.words()).hasSize(500);
  }

  @Test
  void whoDoesNotWaitIsNotAnswered() throws Exception {
    Future<CheckResponse> left = envoy().check(PREDICT);
    Consumer<Decision> late = policy.next();
    left.cancel(true);
    // Another one on the same connection is behind the cancellation.
    envoy().check(Asking.request("GET", "/model/wine/healthz")).get(20, TimeUnit.SECONDS);
    late.accept(AskedPolicy.ALLOWED);

    await("abandoned");
    Future<CheckResponse> next = envoy().check(PREDICT);
    policy.next().accept(AskedPolicy.ALLOWED);
    assertThat(Asking.passes(next.get(20, TimeUnit.SECONDS))).isTrue();
  }

  @Test
  void aMessageBeyondAllBoundsIsNoAnswerThatPasses() {
    CheckRequest huge = Asking.request("GET", "/model/wine/healthz", "x: " + "x".repeat(5 << 20));

    assertThatThrownBy(() ->
            AuthorizationGrpc.newBlockingStub(channel)
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .check(huge))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            refused ->
                assertThat(refused.getStatus().getCode())
                    .isIn(Status.Code.RESOURCE_EXHAUSTED, Status.Code.CANCELLED));
    assertThat(told.words()).isEmpty();
  }
}
