package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.Answer;
import dev.loopgate.testkit.BodySink;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.FileLine;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.Payload;
import dev.loopgate.testkit.Script;
import dev.loopgate.testkit.ScriptedModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Bodies larger than the process, and more of them at once than the budget takes.
final class LargeBodyIT {
  private static final long GIB = 1L << 30;
  private static final int CALLERS = 64;
  private static final int BODY_BYTES = 3 << 20;

  @TempDir private Path directory;

  @Test
  void aGibibytePassesBothWaysThroughASmallHeapWithSlowReaders() throws Exception {
    try (ScriptedModel model = ScriptedModel.start();
        GatewayProcess gateway =
            Rig.infrontOf(directory, model.url())
                .flagged("-Xmx64m", "-XX:MaxDirectMemorySize=128m")
                .with("--capture.bytes-max", "16MiB", "--spool.ring-bytes", "16MiB")
                .start()) {
      Script script =
          Script.plain(
                  new Payload(Payload.Kind.BINARY, 1, GIB),
                  new Payload(Payload.Kind.BINARY, 2, GIB))
              .behaving(Script.Behaviour.STALLS_READING);
      Payload.Check check = script.response().check();

      try (Caller caller = gateway.call()) {
        caller.send(
            "POST",
            "/model/m/large?" + script.query(),
            Map.of("request-id", "large"),
            Framing.LENGTH,
            script.request());
        Answer answer = caller.receive("POST", stallingOnce(check));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("x-request-intact")).isEqualTo("true");
        assertThat(check.isWhole()).as("the answer's bytes").isTrue();
      }
      FileLine request =
          new Rig(directory, List.of(), List.of()).awaitLine("request_response", "large");
      assertThat(request.record().path("size").asLong()).isEqualTo(GIB);
      assertThat(request.record().path("truncated").asBoolean()).isTrue();
      assertThat(request.bytes("request_content")).hasSizeLessThanOrEqualTo(4 << 20);
      assertThat(request.text("ending")).isEqualTo("complete");
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }
  }

  @Test
  void manyLargeBodiesAtOnceAreCutAndCountedAndNoneIsDropped() throws Exception {
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig = Rig.infrontOf(directory, model.url()).with("--capture.bytes-max", "64MiB");
      try (GatewayProcess gateway = rig.start()) {
        List<Thread> callers = callAllAtOnce(gateway);
        Rig.await("all requests at the model", () -> model.waitingAtTheGate() == CALLERS);
        model.openTheGate();
        for (Thread caller : callers) {
          caller.join();
        }

        // An entry that found no room in the ring is one `ring_full`, and has lost both its bodies.
        double cut =
            sumOf(gateway, "loopgate_bodies_cut_total")
                + sumOf(gateway, "loopgate_bodies_cut_total{reason=\"ring_full\"");
        assertThat(cut).as("bodies cut").isPositive();
        assertThat(sumOf(gateway, "loopgate_ledger_dropped_total")).as("dropped").isZero();
        assertThat(gateway.stop()).as(gateway.output()).isZero();

        List<FileLine> lines = rig.lines();
        assertThat(lines).hasSize(2 * CALLERS);
        assertThat(lines).allSatisfy(LargeBodyIT::tellsWhatCame);
        long truncated =
            lines.stream().filter(line -> line.record().path("truncated").asBoolean()).count();
        assertThat((double) truncated).as("truncated in records, cut in metrics").isEqualTo(cut);
        GatewayProcess.Run verify = rig.verify();
        assertThat(verify.exit()).as(verify.output()).isZero();
      }
    }
  }

  private static void tellsWhatCame(FileLine line) {
    boolean request = line.stream().equals("request_response");
    Payload meant = new Payload(Payload.Kind.TEXT, request ? 3 : 4, BODY_BYTES);
    byte[] bytes = line.bytes(request ? "request_content" : "response_content");
    Payload.Check check = meant.check();
    check.accept(bytes, 0, bytes.length);
    boolean truncated = line.record().path("truncated").asBoolean();
    assertThat(line.record().path("size").asLong()).isEqualTo(BODY_BYTES);
    assertThat(truncated ? check.isPrefix() : check.isWhole())
        .as("%s: truncated=%s, length=%d", line.path(), truncated, bytes.length)
        .isTrue();
  }

  private static List<Thread> callAllAtOnce(GatewayProcess gateway) {
    Script script =
        Script.plain(
                new Payload(Payload.Kind.TEXT, 3, BODY_BYTES),
                new Payload(Payload.Kind.TEXT, 4, BODY_BYTES))
            .behaving(Script.Behaviour.GATED);
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      String id = "large-" + i;
      callers.add(Thread.ofVirtual().start(() -> callOnce(gateway, script, id)));
    }
    return callers;
  }

  private static void callOnce(GatewayProcess gateway, Script script, String id) {
    Payload.Check check = script.response().check();
    try (Caller caller = gateway.call()) {
      caller.send(
          "POST",
          "/model/m/large?" + script.query(),
          Map.of("request-id", id),
          Framing.LENGTH,
          script.request());
      Answer answer = caller.receive("POST", check);
      if (!check.isWhole() || !answer.header("x-request-intact").equals("true")) {
        throw new IllegalStateException("answer differs: id=" + id + ", head=" + answer.head());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // its entry is missed by the test then
    }
  }

  private static BodySink stallingOnce(BodySink sink) {
    return new BodySink() {
      private boolean stalled;

      @Override
      public void accept(byte[] bytes, int offset, int count) throws IOException {
        if (!stalled) {
          stalled = true;
          LockSupport.parkNanos(Duration.ofSeconds(1).toNanos()); // the slow reader itself
        }
        sink.accept(bytes, offset, count);
      }
    };
  }

  private static double sumOf(GatewayProcess gateway, String name) throws IOException {
    return Rig.metrics(gateway).entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(name))
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }
}
