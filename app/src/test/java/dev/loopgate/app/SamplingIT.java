package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.loopgate.capture.RequestId;
import dev.loopgate.capture.Sampling;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.FileLine;
import dev.loopgate.testkit.FilesReader;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.Payload;
import dev.loopgate.testkit.Script;
import dev.loopgate.testkit.ScriptedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A model that is sampled: what is kept, what is counted, and that feedback is never left out.
final class SamplingIT {
  private static final int COUNT = 200;
  private static final double RATE = 0.5;
  private static final String OF_MODEL = "{kind=\"prediction\",model=\"m\"}";

  @Test
  void filesHaveExactlyWhatTheIdsSayAndTheLedgerCountsTheRest(@TempDir Path directory)
      throws Exception {
    TreeSet<String> expected = new TreeSet<>();
    TreeSet<String> all = new TreeSet<>();
    Rig rig;
    try (ScriptedModel model = ScriptedModel.start()) {
      rig = Rig.infrontOf(directory, model.url(), "    sample: " + RATE + "\n");
      try (GatewayProcess gateway = rig.start()) {
        try (Caller caller = gateway.call()) {
          for (int i = 0; i < COUNT; i++) {
            String id = "sampled-" + i;
            all.add(id);
            if (new Sampling(RATE).keeps(new RequestId(id))) {
              expected.add(id);
            }
            caller.send(
                "POST", "/model/m/x", Map.of("request-id", id), Framing.LENGTH, Payload.NONE);
            assertThat(caller.receive("POST").status()).isEqualTo(200);
            caller.send(
                Rig.head(
                    "POST /feedback HTTP/1.1",
                    "host: t",
                    "request-id: " + id,
                    "model-name: " + Rig.MODEL,
                    "model-version: " + Rig.VERSION,
                    "content-length: 0"));
            assertThat(caller.receive("POST").status()).isEqualTo(200);
          }
        }
        Map<String, Double> metrics = Rig.metrics(gateway);
        assertThat(metrics.get("loopgate_ledger_seen_total" + OF_MODEL)).isEqualTo(COUNT);
        assertThat(metrics.get("loopgate_ledger_accepted_total" + OF_MODEL))
            .isEqualTo(expected.size());
        assertThat(metrics.get("loopgate_ledger_sampled_out_total" + OF_MODEL))
            .isEqualTo(COUNT - expected.size())
            .isPositive();
        assertThat(gateway.stop()).as(gateway.output()).isZero();
      }
    }

    assertThat(ids(rig, "request_response")).containsExactlyElementsOf(expected);
    assertThat(ids(rig, "response_body")).containsExactlyElementsOf(expected);
    assertThat(ids(rig, "feedback")).containsExactlyElementsOf(all);
    assertThat(sampledOut(rig)).isEqualTo(COUNT - expected.size());
    GatewayProcess.Run verify = rig.verify();
    assertThat(verify.exit()).as(verify.output()).isZero();
  }

  @Test
  void whatIsAlwaysKeptIsInTheFilesAndTheLedgerBalances(@TempDir Path directory) throws Exception {
    TreeSet<String> expected = new TreeSet<>();
    Payload body = new Payload(Payload.Kind.LETTERS, 5, 100);
    Rig rig;
    try (ScriptedModel model = ScriptedModel.start()) {
      rig =
          Rig.infrontOf(
              directory,
              model.url(),
              "    sample: 0.000000000001\n",
              "    keep: {status: [5xx], header: [x-debug]}\n");
      try (GatewayProcess gateway = rig.start()) {
        try (Caller caller = gateway.call()) {
          for (int i = 0; i < COUNT; i++) {
            String id = "kept-" + i;
            boolean fails = i % 5 == 0;
            boolean debugged = i % 7 == 0;
            if (fails || debugged) {
              expected.add(id);
            }
            Script script = Script.plain(body, body).answering(fails ? 503 : 200);
            caller.send(
                "POST",
                "/model/m/x?" + script.query(),
                Map.of("request-id", id, debugged ? "x-debug" : "x-other", "1"),
                Framing.LENGTH,
                body);
            assertThat(caller.receive("POST").status()).isEqualTo(script.status());
          }
        }
        Map<String, Double> metrics = Rig.metrics(gateway);
        assertThat(metrics.get("loopgate_ledger_seen_total" + OF_MODEL)).isEqualTo(COUNT);
        assertThat(metrics.get("loopgate_ledger_accepted_total" + OF_MODEL))
            .isEqualTo(expected.size());
        assertThat(metrics.get("loopgate_ledger_sampled_out_total" + OF_MODEL))
            .isEqualTo(COUNT - expected.size());
        assertThat(gateway.stop()).as(gateway.output()).isZero();
      }
    }

    assertThat(ids(rig, "request_response")).containsExactlyElementsOf(expected);
    assertThat(rig.linesOf("response_body", "kept-0").getFirst().text("response_content"))
        .isEqualTo(body.text());
    assertThat(sampledOut(rig)).isEqualTo(COUNT - expected.size());
    GatewayProcess.Run verify = rig.verify();
    assertThat(verify.exit()).as(verify.output()).isZero();
  }

  private static List<String> ids(Rig rig, String stream) throws IOException {
    return rig.lines().stream()
        .filter(line -> line.stream().equals(stream))
        .map(FileLine::requestId)
        .sorted()
        .toList();
  }

  /// What the last revisions of all manifests say.
  private static long sampledOut(Rig rig) throws IOException {
    long sum = 0;
    for (FilesReader.Manifest manifest : FilesReader.read(rig.files(), _ -> {}).manifests()) {
      for (JsonNode row : manifest.content().path("ledger")) {
        sum += row.path("sampled_out").asLong();
      }
    }
    return sum;
  }
}
