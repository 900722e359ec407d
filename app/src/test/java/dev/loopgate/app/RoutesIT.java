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
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Contract section 15, R-2 to R-4: two counters by weight, and a mirror that works or fails.
final class RoutesIT {
  private static final String MIRRORED = "loopgate_mirrored_requests_total";

  @TempDir private Path directory;

  private final AtomicInteger one = new AtomicInteger();
  private final AtomicInteger two = new AtomicInteger();

  @Test
  void halfAndHalfEachCallIsCountedOnce() throws Exception {
    try (RawModel a = counter("a", one, 200);
        RawModel b = counter("b", two, 200)) {
      Rig rig = rig(a, b, "targets: [{model: a, weight: 50}, {model: b, weight: 50}]");
      try (GatewayProcess gateway = rig.start();
          Caller caller = gateway.call()) {
        for (int i = 0; i < 19; i++) {
          Answer answer = post(caller, "/custom/ab/api/model/invoke", "route-" + i);
          assertThat(answer.status()).isEqualTo(200);
          assertThat(answer.header("model-name")).isEqualTo(answer.text().substring(0, 1));
        }
        int ofA = Integer.parseInt(post(caller, "/model/a/x", "a").text().substring(2));
        int ofB = Integer.parseInt(post(caller, "/model/b/x", "b").text().substring(2));

        assertThat(ofA + ofB).isEqualTo(21);
        assertThat(ofA).isEqualTo(11);
        assertThat(gateway.stop()).as(gateway.output()).isZero();
      }
      List<FileLine> lines =
          rig.lines().stream()
              .filter(line -> line.stream().equals("request_response"))
              .filter(line -> line.requestId().startsWith("route-"))
              .toList();
      assertThat(lines).hasSize(19);
      assertThat(lines).allSatisfy(line -> assertThat(line.text("route")).isEqualTo("ab"));
      assertThat(lines.stream().filter(line -> deployment(line).equals("a"))).hasSize(10);
      assertThat(lines.stream().filter(line -> deployment(line).equals("b"))).hasSize(9);
      assertThat(rig.verify().exit()).isZero();
    }
  }

  @Test
  void theMainModelAnswersAndTheMirrorGetsCopies() throws Exception {
    try (RawModel a = counter("a", one, 200);
        RawModel b = counter("b", two, 200)) {
      Rig rig = rig(a, b, "targets: [{model: a}], mirror: b");
      try (GatewayProcess gateway = rig.start();
          Caller caller = gateway.call()) {
        for (int i = 0; i < 10; i++) {
          assertThat(post(caller, "/custom/ab/x", "r" + i).text()).startsWith("a ");
        }
        Rig.await("all copies", () -> two.get() == 10);
        Rig.await("their count", () -> is(gateway, "{model=\"b\",outcome=\"answered\"}", 10));
        assertThat(one).hasValue(10);
        assertThat(gateway.stop()).as(gateway.output()).isZero();
      }
      assertThat(rig.lines().stream().filter(line -> line.stream().equals("request_response")))
          .hasSize(10)
          .allSatisfy(line -> assertThat(deployment(line)).isEqualTo("a"));
      assertThat(rig.verify().exit()).isZero();
    }
  }

  @Test
  void aMirrorThatFailsOrIsDeadIsNothingToTheCaller() throws Exception {
    RawModel b = counter("b", two, 500);
    try (RawModel a = counter("a", one, 200)) {
      Rig rig = rig(a, b, "targets: [{model: a}], mirror: b");
      try (GatewayProcess gateway = rig.start();
          Caller caller = gateway.call()) {
        for (int i = 0; i < 5; i++) {
          assertThat(post(caller, "/custom/ab/x", "f" + i).status()).isEqualTo(200);
        }
        Rig.await("its failures", () -> is(gateway, "{model=\"b\",outcome=\"failed\"}", 5));
        b.close();
        for (int i = 0; i < 5; i++) {
          assertThat(post(caller, "/custom/ab/x", "d" + i).status()).isEqualTo(200);
        }
        Rig.await(
            "dead copies",
            () -> sum(gateway, "outcome=\"unreachable\"") + sum(gateway, "outcome=\"reset\"") == 5);
        assertThat(gateway.stop()).as(gateway.output()).isZero();
      }
      assertThat(rig.verify().exit()).isZero();
    } finally {
      b.close();
    }
  }

  private Rig rig(RawModel a, RawModel b, String route) throws IOException {
    Files.writeString(
        directory.resolve("loopgate.yaml"),
        """
        models:
          - {id: a, url: "%s", version: "1"}
          - {id: b, url: "%s", version: "1"}
        routes:
          - {id: ab, prefix: /custom/ab, %s}
        """
            .formatted(a.url(), b.url(), route));
    return new Rig(
        directory,
        List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
        List.of("--config", directory.resolve("loopgate.yaml").toString()));
  }

  /// Answers with its letter and how many requests it had.
  private static RawModel counter(String letter, AtomicInteger count, int status)
      throws IOException {
    return RawModel.start(with -> {
      while (!with.readHead().isEmpty()) {
        with.readBody();
        String body = letter + " " + count.incrementAndGet();
        with.send("HTTP/1.1 " + status + " X\r\nContent-Length: " + body.length() + "\r\n\r\n");
        with.send(body);
      }
    });
  }

  private static String deployment(FileLine line) {
    return line.text("deployment");
  }

  private static boolean is(GatewayProcess gateway, String labels, double value)
      throws IOException {
    return Rig.metrics(gateway).getOrDefault(MIRRORED + labels, 0.0) == value;
  }

  private static double sum(GatewayProcess gateway, String label) throws IOException {
    return Rig.metrics(gateway).entrySet().stream()
        .filter(each -> each.getKey().startsWith(MIRRORED) && each.getKey().contains(label))
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }

  private static Answer post(Caller caller, String target, String id) throws IOException {
    caller.send("POST", target, Map.of("request-id", id), Framing.LENGTH, Payload.NONE);
    return caller.receive("POST");
  }
}
