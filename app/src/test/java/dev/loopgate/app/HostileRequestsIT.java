package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.Answer;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.FileLine;
import dev.loopgate.testkit.FilesReader;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.Payload;
import dev.loopgate.testkit.Script;
import dev.loopgate.testkit.ScriptedModel;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Malformed and hostile requests: each has its status, nothing crashes, nothing is lost, no file
/// leaves its partition.
final class HostileRequestsIT {
  private static final int NAMES = 10_300;
  private static final int NAMES_BOUND = 10_000;
  private static final int CALLERS = 16;

  @TempDir private Path directory;

  @Test
  void eachHasItsAnswerAndNothingIsLost() throws Exception {
    List<HostileRequests.Hostile> requests = HostileRequests.all();
    assertThat(requests).hasSizeGreaterThan(60);
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig = Rig.infrontOf(directory, model.url());
      try (GatewayProcess gateway = rig.start()) {
        List<String> wrong = new ArrayList<>();
        Set<String> kept = new HashSet<>();
        for (int i = 0; i < requests.size(); i++) {
          HostileRequests.Hostile request = requests.get(i);
          String id = "hostile-" + i;
          int status = statusOf(gateway, request, id);
          if (!request.statuses().contains(status)) {
            wrong.add(request.name() + ": status=" + status + ", allowed=" + request.statuses());
          }
          if (status == 200 && request.bytes().contains("{id}")) {
            kept.add(id);
          }
        }
        assertThat(wrong).as("of %d", requests.size()).isEmpty();
        kept.add(aValidRequestWorks(gateway));
        assertThat(Rig.metrics(gateway).getOrDefault("loopgate_failures_total", 0.0)).isZero();
        assertThat(gateway.stop()).as(gateway.output()).isZero();

        Set<String> found = new HashSet<>();
        FilesReader reader = FilesReader.read(rig.files(), line -> found.add(line.requestId()));
        assertThat(found).containsAll(kept);
        assertThat(reader.problems()).isEmpty();
        nothingOutside();
        GatewayProcess.Run verify = rig.verify();
        assertThat(verify.exit()).as(verify.output()).isZero();
      }
    }
  }

  @Test
  void aSmuggledRequestIsNoRequestAndAPipelinedOneIsAnsweredInOrder() throws Exception {
    try (ScriptedModel model = ScriptedModel.start();
        GatewayProcess gateway = Rig.infrontOf(directory, model.url()).start()) {
      try (Caller caller = gateway.call()) {
        caller.send(
            "POST /model/m/a HTTP/1.1\r\nhost: t\r\ncontent-length: 5\r\nrequest-id: first\r\n\r\nhello"
                + "GET /model/m/b HTTP/1.1\r\nhost: t\r\nrequest-id: second\r\n\r\n");
        assertThat(caller.receive("POST").header("request-id")).isEqualTo("first");
        assertThat(caller.receive("GET").header("request-id")).isEqualTo("second");
      }
      long before = model.requests();
      try (Caller caller = gateway.call()) {
        caller.send(
            Rig.head(
                    "POST /model/m/a HTTP/1.1",
                    "host: t",
                    "content-length: 41",
                    "transfer-encoding: chunked")
                + "0\r\n\r\n"
                + Rig.head("GET /model/m/b HTTP/1.1", "host: t"));
        Answer answer = caller.receive("POST");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(caller.isOver()).as("closed behind the refusal").isTrue();
      }
      assertThat(model.requests()).as("requests that reached the model").isEqualTo(before);
    }
  }

  @Test
  void tenThousandInventedModelNamesStayBounded() throws Exception {
    // In memory where there is a tmpfs: this is about names, not about 10,000 forces of a disk.
    Path shm = Path.of("/dev/shm");
    Path place = Files.isWritable(shm) ? Files.createTempDirectory(shm, "loopgate-it-") : directory;
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig = Rig.infrontOf(place, model.url()).with("--ship.window", "150s");
      Set<String> partitions = new HashSet<>();
      Set<String> hours = new HashSet<>();
      Set<String> found = new HashSet<>();
      try (GatewayProcess gateway = rig.start()) {
        assertThat(inventNames(gateway)).isEmpty();
        assertThat(gateway.stop()).as(gateway.output()).isZero();
      }
      try (GatewayProcess gateway = rig.start()) { // what did not fit into `grace` is shipped now
        aValidRequestWorks(gateway);
        assertThat(gateway.stop()).as(gateway.output()).isZero();
      }
      FilesReader reader =
          FilesReader.read(rig.files(), line -> count(line, partitions, hours, found));

      assertThat(reader.problems()).isEmpty();
      assertThat(found).hasSize(NAMES);
      assertThat(partitions.size()).isLessThanOrEqualTo((NAMES_BOUND + 1) * hours.size());
      if (hours.size() == 1) { // an hour that began in between has its own bound
        assertThat(partitions).contains(hours.iterator().next() + "/(other)/(other)");
      }
      GatewayProcess.Run verify = rig.verify();
      assertThat(verify.exit()).as(verify.output()).isZero();
    } finally {
      if (!place.equals(directory)) {
        delete(place);
      }
    }
  }

  private static void count(
      FileLine line, Set<String> partitions, Set<String> hours, Set<String> found) {
    if (line.stream().equals("feedback")) {
      partitions.add(line.hour() + "/" + line.model() + "/" + line.version());
      hours.add(line.hour());
      found.add(line.text("model_name"));
    }
  }

  private static int statusOf(GatewayProcess gateway, HostileRequests.Hostile request, String id)
      throws IOException {
    try (Caller caller = gateway.call()) {
      try {
        caller.send(request.bytes().replace("{id}", id));
        if (request.statuses().contains(HostileRequests.CLOSED)) {
          caller.finishSending(); // it is not whole; a caller that ends its half has left
        }
      } catch (SocketException _) {
        // Refused before all was written; the answer is there all the same.
      }
      return caller.receive("POST").status();
    } catch (EOFException | SocketException _) {
      return HostileRequests.CLOSED;
    }
  }

  private static String aValidRequestWorks(GatewayProcess gateway) throws IOException {
    Script script =
        Script.plain(
            new Payload(Payload.Kind.TEXT, 1, 100), new Payload(Payload.Kind.TEXT, 2, 100));
    try (Caller caller = gateway.call()) {
      caller.send(
          "POST",
          "/model/m/predict?" + script.query(),
          Map.of("request-id", "valid"),
          Framing.LENGTH,
          script.request());
      assertThat(caller.receive("POST").status()).isEqualTo(200);
    }
    return "valid";
  }

  /// Feedback under names that no model has, over a few connections; what was not answered 200.
  private static List<String> inventNames(GatewayProcess gateway) throws InterruptedException {
    AtomicInteger next = new AtomicInteger();
    ConcurrentLinkedQueue<String> refused = new ConcurrentLinkedQueue<>();
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      callers.add(Thread.ofVirtual().start(() -> inventSome(gateway, next, refused)));
    }
    for (Thread caller : callers) {
      caller.join();
    }
    return List.copyOf(refused);
  }

  private static void inventSome(
      GatewayProcess gateway, AtomicInteger next, ConcurrentLinkedQueue<String> refused) {
    try (Caller caller = gateway.call()) {
      for (int i = next.getAndIncrement(); i < NAMES; i = next.getAndIncrement()) {
        caller.send(
            "POST /feedback HTTP/1.1\r\nhost: t\r\nrequest-id: i%d\r\nmodel-name: ../n%d\r\nmodel-version: 1\r\n"
                    .formatted(i, i)
                + "content-type: application/json\r\ncontent-length: 1\r\n\r\n1");
        Answer answer = caller.receive("POST");
        if (answer.status() != 200) {
          refused.add(answer.toString());
        }
      }
    } catch (IOException e) {
      refused.add(e.toString());
    }
  }

  private void nothingOutside() throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      assertThat(entries.map(entry -> entry.getFileName().toString()))
          .containsExactlyInAnyOrder("data", "loopgate.yaml");
    }
    assertThat(Path.of("/tmp/loopgate-escaped")).doesNotExist();
  }

  private static void delete(Path place) throws IOException {
    try (Stream<Path> entries = Files.walk(place)) {
      for (Path entry : entries.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(entry);
      }
    }
  }
}
