package dev.loopgate.policy;

import dev.loopgate.testkit.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// A policy that is open, with a clock of the test's and what it told.
final class OpenPolicy implements AutoCloseable {
  static final Question.ToModel MODEL = new Question.ToModel(null, ModelPaths.ALL);

  final ManualTime time = ManualTime.at("2026-11-24T10:00:00Z");
  final AtomicInteger judged = new AtomicInteger();
  final AtomicInteger read = new AtomicInteger();
  private final List<String> told = new ArrayList<>();
  private final TokenPolicy policy;

  OpenPolicy(PolicyConfig config) throws KeysRefusedException {
    policy =
        TokenPolicy.open(
            config,
            new PolicyTime() {
              @Override
              public long nanos() {
                return time.nanos();
              }

              @Override
              public long epochMillis() {
                return time.epochMillis();
              }
            },
            new PolicyEvents() {
              @Override
              public void refused(RefusalReason reason) {
                tell("refused " + reason.word());
              }

              @Override
              public void judged() {
                judged.incrementAndGet();
              }

              @Override
              public void keysRead(int count, boolean changed) {
                read.incrementAndGet();
              }

              @Override
              public void keysRefused(String reason) {
                tell("keys " + reason);
              }

              @Override
              public void failed(Throwable cause) {
                tell("failed " + cause);
              }
            });
  }

  TokenPolicy policy() {
    return policy;
  }

  synchronized List<String> told() {
    return List.copyOf(told);
  }

  private synchronized void tell(String what) {
    told.add(what);
  }

  /// Asks for a call of a model without a role of its own.
  CompletableFuture<Decision> ask(String authorization) {
    return ask(new Question("POST", "/x", List.of(authorization), MODEL));
  }

  CompletableFuture<Decision> ask(Question question) {
    CompletableFuture<Decision> answer = new CompletableFuture<>();
    policy.decide(
        question,
        decision -> {
          if (!answer.complete(decision)) {
            tell("answered twice");
          }
        });
    return answer;
  }

  Decision decide(String token) throws Exception {
    return ask("Bearer " + token).get(20, TimeUnit.SECONDS);
  }

  Decision decide(Question question) throws Exception {
    return ask(question).get(20, TimeUnit.SECONDS);
  }

  /// A word for a decision: its reason, or `ok`.
  static String word(@Nullable Decision decision) {
    return switch (decision) {
      case Decision.Allowed _ -> "ok";
      case Decision.Unauthorized(var reason) -> "401 " + reason.word();
      case Decision.Forbidden(var reason) -> "403 " + reason.word();
      case Decision.Unavailable(var reason) -> "503 " + reason.word();
      case null -> "none";
    };
  }

  /// Waits, generously bounded, until something holds.
  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited 20 s for " + what);
      }
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
  }

  @Override
  public void close() {
    policy.close();
  }
}
