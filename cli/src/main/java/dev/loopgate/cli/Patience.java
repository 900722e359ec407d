package dev.loopgate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Looks again and again until something is so, soon at first, then every 5 seconds. A look that
/// fails because nobody answers is no end.
final class Patience {
  private static final Duration FIRST = Duration.ofMillis(250); // then twice as long
  private static final Duration BETWEEN = Duration.ofSeconds(5);

  private final Call call;
  private final ApiClient api;
  private String told = "";

  Patience(Call call, ApiClient api) {
    this.call = call;
    this.api = api;
  }

  /// What a look says.
  @FunctionalInterface
  private interface Verdict {
    /// @param seen null when it is gone
    /// @return whether the end has come
    boolean isOver(@Nullable ObjectNode seen) throws ClientException;
  }

  /// Until a deployment has all its replicas, or a route is served; says so.
  void untilReady(EntityKind kind, String id, Duration within)
      throws ClientException, InterruptedException {
    long began = call.around().time().nanos();
    await(kind, id, within, seen -> isReady(kind, id, there(kind, id, seen)));
    long seconds = TimeUnit.NANOSECONDS.toSeconds(call.around().time().nanos() - began);
    String shown = PrintableText.line(id);
    call.out()
        .println(
            kind == EntityKind.ROUTE
                ? "Model Route " + shown + " is ready"
                : "Model "
                    + shown
                    + " was deployed. Deployment process took "
                    + seconds
                    + " seconds");
  }

  /// Until it has no replica and is well.
  void untilAsleep(String id, Duration within) throws ClientException, InterruptedException {
    await(
        EntityKind.DEPLOYMENT,
        id,
        within,
        seen -> {
          JsonNode status = there(EntityKind.DEPLOYMENT, id, seen).path("status");
          return status.path("state").asText("").equals("Ready")
              && status.path("replicas").asInt() == 0
              && status.path("availableReplicas").asInt() == 0;
        });
    call.out().println("Model " + PrintableText.line(id) + " is asleep");
  }

  /// Until a replica of it answers.
  void untilAwake(String id, Duration within) throws ClientException, InterruptedException {
    await(
        EntityKind.DEPLOYMENT,
        id,
        within,
        seen -> {
          ObjectNode entity = there(EntityKind.DEPLOYMENT, id, seen);
          return isReady(EntityKind.DEPLOYMENT, id, entity)
              && entity.path("status").path("availableReplicas").asInt() > 0;
        });
    call.out().println("Model " + PrintableText.line(id) + " is awake");
  }

  /// Until nobody knows it.
  void untilGone(EntityKind kind, String id, Duration within)
      throws ClientException, InterruptedException {
    await(kind, id, within, seen -> seen == null);
  }

  private static ObjectNode there(EntityKind kind, String id, @Nullable ObjectNode seen)
      throws ClientException {
    if (seen == null) {
      throw ClientException.answered(
          kind.noun() + " " + PrintableText.line(id) + " is not there", 404);
    }
    return seen;
  }

  private static boolean isReady(EntityKind kind, String id, ObjectNode seen)
      throws ClientException {
    JsonNode status = seen.path("status");
    String state = status.path("state").asText("");
    if (state.equals("Failed")) {
      String why = status.path("reason").asText("");
      String more = status.path("message").asText("");
      throw new ClientException(
          kind.noun()
              + " "
              + PrintableText.line(id)
              + " was failed"
              + (why.isEmpty() ? "" : ": " + PrintableText.line(why, 100))
              + (more.isEmpty() ? "" : ": " + PrintableText.line(more, 2_000)));
    }
    return state.equals("Ready")
        && (kind == EntityKind.ROUTE
            || status.path("availableReplicas").asInt()
                >= seen.path("spec").path("minReplicas").asInt());
  }

  private void await(EntityKind kind, String id, Duration within, Verdict verdict)
      throws ClientException, InterruptedException {
    long began = call.around().time().nanos();
    Duration pause = FIRST;
    while (true) {
      if (isOver(kind, id, verdict)) {
        return;
      }
      Duration left = within.minusNanos(call.around().time().nanos() - began);
      if (left.isNegative() || left.isZero()) {
        throw new ClientException("Time out: operation has not been confirmed");
      }
      call.around().pauses().pause(left.compareTo(pause) < 0 ? left : pause);
      pause = pause.multipliedBy(2).compareTo(BETWEEN) < 0 ? pause.multipliedBy(2) : BETWEEN;
    }
  }

  private boolean isOver(EntityKind kind, String id, Verdict verdict)
      throws ClientException, InterruptedException {
    Optional<ObjectNode> seen;
    try {
      seen = Optional.of(api.one(kind, id));
    } catch (ClientException e) {
      if (e.status() != 404 && (e.status() == 0 || e.status() == 429 || e.status() >= 500)) {
        tell(String.valueOf(e.getMessage()));
        return false;
      }
      if (e.status() != 404) {
        throw e;
      }
      seen = Optional.empty();
    }
    boolean over = verdict.isOver(seen.orElse(null));
    if (!over) {
      seen.ifPresent(entity ->
          tell(
              id
                  + ": "
                  + shown(entity.path("status").path("state").asText(""))
                  + ", "
                  + entity.path("status").path("availableReplicas").asInt()
                  + " available"));
    }
    return over;
  }

  private static String shown(String state) {
    return state.isEmpty() ? "declared" : state; // nobody has looked at it yet
  }

  /// Once as long as nothing changes.
  private void tell(String text) {
    if (!text.equals(told)) {
      call.tell(text);
      told = text;
    }
  }
}
