package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.Answer;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.FileLine;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.Payload;
import dev.loopgate.testkit.RawModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The configuration is changed while the gateway serves.
final class ReloadIT {
  private static final String USED = "loopgate_config_reloads_total{result=\"used\"}";
  private static final String REFUSED = "loopgate_config_reloads_total{result=\"refused\"}";

  @TempDir private Path directory;

  @Test
  void goodThenBadThenGoodByTheFileAlone() throws Exception {
    try (RawModel one = named("one");
        RawModel two = named("two")) {
      Rig rig = rig(model("a", one));
      try (GatewayProcess gateway = rig.start()) {
        assertThat(get(gateway, "/model/a/")).isEqualTo("200 one");
        assertThat(get(gateway, "/model/b/")).startsWith("404");

        write(model("a", one), model("b", two));
        Rig.await("the new model", () -> get(gateway, "/model/b/").equals("200 two"));
        assertThat(Rig.metrics(gateway)).containsEntry(USED, 1.0).containsEntry(REFUSED, 0.0);
        assertThat(one.connections()).as("the probe's and one that is warm").isLessThan(4);

        write(model("a", two), "  - id: B\n");
        Rig.await("the refusal", () -> of(gateway, REFUSED) == 1.0);
        assertThat(get(gateway, "/model/a/")).isEqualTo("200 one");
        assertThat(get(gateway, "/model/b/")).isEqualTo("200 two");
        assertThat(Rig.metrics(gateway)).containsEntry("loopgate_config_last_reload_used", 0.0);
        Answer ready = gateway.get("/readyz");
        assertThat(ready.status()).isEqualTo(200);
        assertThat(ready.text()).contains("\"config\":\"refused: ", "models[1].id");
        assertThat(gateway.output())
            .contains("the configuration can't be used, the one before stays: ");

        write(model("a", two));
        Rig.await("the last one", () -> get(gateway, "/model/a/").equals("200 two"));
        assertThat(get(gateway, "/model/b/")).startsWith("404");
        assertThat(gateway.get("/readyz").text()).contains("\"config\":\"ok\"");
        assertThat(Rig.metrics(gateway)).containsEntry("loopgate_config_last_reload_used", 1.0);
        assertThat(gateway.stop()).as(gateway.output()).isZero();
      }
      assertThat(rig.verify().exit()).isZero();
    }
  }

  @Test
  void bySighupAndWhatNeedsARestartIsNamed() throws Exception {
    try (RawModel one = named("one");
        RawModel two = named("two")) {
      Rig rig = rig(model("a", one));
      try (GatewayProcess gateway = rig.start()) {
        hangUp(gateway);
        Rig.await("a reload of the same", () -> of(gateway, USED) == 1.0);
        assertThat(get(gateway, "/model/a/")).isEqualTo("200 one");

        write(model("a", two), "drain: 3s\n");
        hangUp(gateway);
        Rig.await("the change", () -> get(gateway, "/model/a/").equals("200 two"));
        assertThat(gateway.isAlive()).isTrue();
        Rig.await(
            "the line",
            () -> gateway.output().contains("changed, and used from the next start on: drain"));
        assertThat(gateway.stop()).as(gateway.output()).isZero();
      }
    }
  }

  @Test
  void noRequestFailsAndWhatIsInFlightEndsWithItsModel() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    try (RawModel one = named("one");
        RawModel two = named("two");
        RawModel slow =
            RawModel.start(with -> {
              if (!with.readHead().isEmpty()) {
                asked.countDown();
                goOn.await();
                with.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow");
              }
            })) {
      Rig rig = rig(model("a", one), model("slow", slow));
      AtomicBoolean over = new AtomicBoolean();
      AtomicInteger served = new AtomicInteger();
      AtomicReference<@Nullable String> wrong = new AtomicReference<>();
      try (GatewayProcess gateway = rig.start();
          Caller patient = gateway.call()) {
        patient.send("POST", "/model/slow/", Map.of(), Framing.LENGTH, Payload.NONE);
        asked.await();
        Thread load =
            Thread.ofPlatform()
                .start(() -> {
                  try (Caller caller = gateway.call()) {
                    while (!over.get()) {
                      caller.send("POST", "/model/a/", Map.of(), Framing.LENGTH, Payload.NONE);
                      Answer answer = caller.receive("POST");
                      served.incrementAndGet();
                      if (answer.status() != 200) {
                        wrong.compareAndSet(null, answer.status() + " " + answer.text());
                      }
                    }
                  } catch (IOException e) {
                    wrong.compareAndSet(null, e.toString());
                  }
                });
        for (int round = 0; round < 6; round++) {
          double before = of(gateway, USED);
          write(model("a", round % 2 == 0 ? two : one));
          hangUp(gateway);
          Rig.await("round " + round, () -> of(gateway, USED) > before);
        }
        over.set(true);
        load.join();
        assertThat(wrong.get()).isNull();
        assertThat(served.get()).isPositive();
        assertThat(get(gateway, "/model/slow/")).startsWith("404");
        goOn.countDown();
        assertThat(patient.receive("POST").text()).isEqualTo("slow");
        assertThat(gateway.stop()).as(gateway.output()).isZero();
      }
      List<FileLine> lines =
          rig.lines().stream().filter(line -> line.stream().equals("request_response")).toList();
      assertThat(lines).hasSize(served.get() + 1);
      assertThat(rig.verify().exit()).isZero();
    }
  }

  private Rig rig(String... models) throws IOException {
    write(models);
    return new Rig(
        directory,
        List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
        List.of("--config", directory.resolve("loopgate.yaml").toString()));
  }

  private void write(String... models) throws IOException {
    Path next = directory.resolve("next.yaml");
    Files.writeString(next, "models:\n" + String.join("", models));
    Files.move(
        next,
        directory.resolve("loopgate.yaml"),
        StandardCopyOption.REPLACE_EXISTING,
        StandardCopyOption.ATOMIC_MOVE);
  }

  private static String model(String id, RawModel server) {
    return "  - {id: " + id + ", url: \"" + server.url() + "\", version: \"1\"}\n";
  }

  private static RawModel named(String name) throws IOException {
    return RawModel.start(with -> {
      while (!with.readHead().isEmpty()) {
        with.readBody();
        with.send("HTTP/1.1 200 OK\r\nContent-Length: " + name.length() + "\r\n\r\n" + name);
      }
    });
  }

  private static double of(GatewayProcess gateway, String metric) throws IOException {
    return Rig.metrics(gateway).getOrDefault(metric, -1.0);
  }

  private static String get(GatewayProcess gateway, String target) throws IOException {
    Answer answer = gateway.get(target);
    return answer.status() + " " + answer.text();
  }

  private static void hangUp(GatewayProcess gateway) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-HUP", Long.toString(gateway.pid())).start().waitFor();
  }
}
