package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.FileLine;
import dev.loopgate.testkit.FilesReader;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.Payload;
import dev.loopgate.testkit.Script;
import dev.loopgate.testkit.ScriptedModel;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Row 16 of the fault matrix: where a gateway's JVM thinks it is says nothing about paths and
/// times, which are of UTC and have Latin digits.
final class TimeZoneIT {
  private static final List<String> ZONES =
      List.of("Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham", "Europe/Berlin");
  private static final DateTimeFormatter HOUR =
      DateTimeFormatter.ofPattern("uuuuMMddHH", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss Z", Locale.ROOT);
  private static final Payload ASK = new Payload(Payload.Kind.TEXT, 31, 100);

  @TempDir private Path directory;

  @Test
  void pathsAndTimesAreOfUtcWhereverTheGatewayThinksItIs() throws Exception {
    Instant begin = Instant.now();
    List<String> ids = new ArrayList<>();
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig = Rig.infrontOf(directory, model.url());
      for (String zone : ZONES) {
        Rig there =
            rig.flagged(
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-Duser.timezone=" + zone,
                "-Duser.language=ar",
                "-Duser.country=EG",
                "-Duser.extensions=u-nu-arab");
        try (GatewayProcess gateway = there.start()) {
          String id = zone.replace('/', '-');
          ids.add(id);
          predict(gateway, id);
          feedback(gateway, id);
          assertThat(gateway.stop()).as(gateway.output()).isZero();
        }
      }
      Instant end = Instant.now();

      List<FileLine> lines = rig.lines();
      assertThat(lines).hasSize(3 * ids.size());
      TreeSet<String> hours = new TreeSet<>(List.of(HOUR.format(begin), HOUR.format(end)));
      for (FileLine line : lines) {
        assertThat(ids).contains(line.requestId());
        assertThat(hours).as(line.path()).contains(line.hour());
        Instant said = TIME.parse(line.text("time"), Instant::from);
        assertThat(said).as(line.path()).isBetween(begin.minusSeconds(1), end);
        assertThat(line.text("time")).as(line.path()).endsWith(" +0000");
      }
      FilesReader reader = FilesReader.read(rig.files(), _ -> {});
      assertThat(reader.problems()).isEmpty();
      assertThat(reader.holes()).as("one partition an hour, whatever the zone").isEmpty();
      GatewayProcess.Run verify = rig.verify();
      assertThat(verify.exit()).as(verify.output()).isZero();
    }
  }

  private static void predict(GatewayProcess gateway, String id) throws Exception {
    Script script = Script.plain(ASK, ASK);
    try (Caller caller = gateway.call()) {
      caller.send(
          "POST", "/model/m/x?" + script.query(), Map.of("request-id", id), Framing.LENGTH, ASK);
      assertThat(caller.receive("POST").status()).isEqualTo(200);
    }
  }

  private static void feedback(GatewayProcess gateway, String id) throws Exception {
    try (Caller caller = gateway.call()) {
      caller.send(
          Rig.head(
                  "POST /feedback HTTP/1.1",
                  "host: t",
                  "request-id: " + id,
                  "model-name: " + Rig.MODEL,
                  "model-version: " + Rig.VERSION,
                  "content-type: application/json",
                  "content-length: 2")
              + "{}");
      assertThat(caller.receive("POST").status()).isEqualTo(200);
    }
  }
}
