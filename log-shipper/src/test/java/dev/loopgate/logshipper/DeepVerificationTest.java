package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.loopgate.logshipper.Verification.Depth;
import dev.loopgate.logshipper.Verification.Verdict;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What is told of a root of files that somebody damaged, and how much is held to tell it.
final class DeepVerificationTest {
  private static List<String> findings(Verification.Report report) {
    return report.lines().stream().filter(line -> line.startsWith("! ")).toList();
  }

  private static String json(Verification.Report report) throws IOException {
    StringWriter out = new StringWriter();
    report.document().writeTo(out);
    return out.toString();
  }

  @ParameterizedTest
  @EnumSource
  void whatWasShippedBalancesAtEachDepth(Compression compression) throws IOException {
    ShippedFiles shipped = ShippedFiles.of(compression);

    for (Depth depth : Depth.values()) {
      assertThat(shipped.verify(depth).lines()).last().isEqualTo("balanced: hours=3, open=0");
    }
  }

  @ParameterizedTest
  @EnumSource
  void eachDamageHasItsOwnMessage(Compression compression) throws IOException {
    ShippedFiles shipped = ShippedFiles.of(compression);
    String key = shipped.key("request_response");
    Map<String, byte[]> objects = shipped.objects();
    byte[] good = Objects.requireNonNull(objects.get(key));

    objects.remove(key);
    assertThat(findings(shipped.verify(Depth.LINES)))
        .containsExactly("! file is missing: key=" + key);
    byte[] altered = good.clone();
    altered[good.length / 2] ^= 4;
    objects.put(key, altered);
    assertThat(findings(shipped.verify(Depth.LINES)))
        .singleElement()
        .asString()
        .startsWith("! file is altered: key=" + key + ", crc32c=");
    objects.put(key, new byte[0]);
    assertThat(findings(shipped.verify(Depth.LINES)))
        .containsExactly("! file is altered: key=" + key + ", size=0, planned=" + good.length);
    objects.put(key, good);

    String manifest = shipped.manifestKey();
    String text = shipped.text(manifest);
    edit(
        shipped,
        text.replaceFirst("\"records\":(\\d+),\"first_seq\"", "\"records\":77,\"first_seq\""));
    assertThat(findings(shipped.verify(Depth.LINES)))
        .anyMatch(line -> line.startsWith("! records are not those of its files: hour=2026112410"))
        .anyMatch(line -> line.startsWith("! records: key=") && line.endsWith("planned=77"));
    edit(shipped, text.replace("\"hour\":\"2026112410\"", "\"hour\":\"2026112411\""));
    assertThat(findings(shipped.verify(Depth.LINES)))
        .contains("! manifest is not what its name says: key=" + manifest);
    for (String broken : List.of("{}", "[]", "{", "null", text.replaceAll("\"key\"", "\"kex\""))) {
      edit(shipped, broken);
      assertThat(findings(shipped.verify(Depth.LINES)))
          .as(broken)
          .anyMatch(line -> line.startsWith("! manifest can't be read: key=" + manifest));
    }
    edit(shipped, text.replace(key, "feedback/../x"));
    assertThat(findings(shipped.verify(Depth.FIELDS)))
        .anyMatch(line -> line.startsWith("! file has no name of ours: key=feedback/../x"));
  }

  private static void edit(ShippedFiles shipped, String manifest) {
    shipped.objects().put(shipped.manifestKey(), manifest.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aFrameThatChecksumsCoverAndNobodyCanUnpackIsToldAsSuch() throws IOException {
    ShippedFiles shipped = ShippedFiles.of(Compression.ZSTD);
    String key = shipped.key("feedback");
    byte[] good = Objects.requireNonNull(shipped.objects().get(key));
    shipped.forge(key, text -> text); // the manifest is that of a truncated file
    byte[] cut = Arrays.copyOf(good, good.length - 2);
    shipped.objects().put(key, cut);
    String crc = Checksum.hex(Checksum.of(good).crc32c());
    edit(
        shipped,
        shipped
            .text(shipped.manifestKey())
            .replace(
                "\"size\":" + good.length + ",\"crc32c\":\"" + crc,
                "\"size\":"
                    + cut.length
                    + ",\"crc32c\":\""
                    + Checksum.hex(Checksum.of(cut).crc32c())));

    assertThat(findings(shipped.verify(Depth.LINES)))
        .singleElement()
        .asString()
        .startsWith("! file can't be decompressed: key=" + key);
  }

  private static UnaryOperator<String> inLine2(String regex, String by) {
    return text -> {
      String[] lines = text.split("(?<=\n)", -1);
      String changed = lines[1].replaceFirst(regex, by);
      assertThat(changed).isNotEqualTo(lines[1]);
      lines[1] = changed;
      return String.join("", lines);
    };
  }

  @Test
  void deepNamesKeyAndLineOfWhatIsNoRecordOfItsPath() throws IOException {
    Map<String, List<String>> forged = new TreeMap<>();
    forged.put(
        "request_response: duration_ms is not a number",
        List.of("\"duration_ms\":[0-9.]+", "\"duration_ms\":\"1\""));
    forged.put(
        "request_response: response_status is not a string",
        List.of("\"response_status\":\"200\"", "\"response_status\":200"));
    forged.put(
        "request_response: request_http_headers is not an object of strings",
        List.of("\"accept\":\"\\*/\\*\"", "\"accept\":[]"));
    forged.put(
        "request_response: truncated is not a boolean",
        List.of("\"truncated\":false", "\"truncated\":null"));
    forged.put(
        "request_response: size is not an integer", List.of("\"size\":[0-9]+", "\"size\":1.5"));
    forged.put("request_response: no ending", List.of("\"ending\"", "\"endinq\""));
    forged.put(
        "response_body: a field stands twice: size", List.of("\"size\":", "\"size\":1,\"size\":"));
    forged.put(
        "response_body: no time of this hour",
        List.of("10:(\\d\\d:\\d\\d) \\+0000", "10:$1 +0100"));
    forged.put(
        "response_body: model_name and model_version are not those of its path",
        List.of("\"model_name\":\"wine\"", "\"model_name\":\"a/b\""));
    forged.put(
        "feedback: payload is not an object",
        List.of("\"payload\":\\{\"json\":1.0\\}", "\"payload\":[]"));
    for (Map.Entry<String, List<String>> one : forged.entrySet()) {
      ShippedFiles shipped = ShippedFiles.of(Compression.GZIP);
      String stream = one.getKey().replaceAll(":.*", "");
      String key = shipped.key(stream);
      shipped.forge(key, inLine2(one.getValue().get(0), one.getValue().get(1)));

      assertThat(findings(shipped.verify(Depth.FIELDS)))
          .as(one.getKey())
          .containsExactly(
              "! line is no record: key=%s, line=2, because=%s"
                  .formatted(key, one.getKey().substring(stream.length() + 2)));
      if (!one.getKey().contains("time")) {
        assertThat(shipped.verify(Depth.LINES).verdict()).isEqualTo(Verdict.BALANCED);
      }
    }
  }

  @Test
  void deepFindsAPredictionThatHasItsLineInOneStreamAlone() throws IOException {
    for (String stream : List.of("request_response", "response_body")) {
      ShippedFiles shipped = ShippedFiles.of(Compression.NONE);
      String key = shipped.key(stream);
      shipped.forge(key, inLine2("\"request_id\":\"id\\d+\"", "\"request_id\":\"other\""));

      assertThat(shipped.verify(Depth.LINES).verdict()).isEqualTo(Verdict.BALANCED);
      assertThat(findings(shipped.verify(Depth.FIELDS)))
          .singleElement()
          .asString()
          .startsWith("! records do not pair: key=request_response/wine/")
          .contains(key + ", line=2");
    }
  }

  @Test
  void walkingSomeHoursAfterTheOthersFindsTheSame() throws IOException {
    ShippedFiles shipped = ShippedFiles.of(Compression.NONE);
    Map<String, byte[]> objects = shipped.objects();
    List<String> keys = new ArrayList<>(objects.keySet());
    objects.remove(shipped.key("feedback"));
    objects.put(
        shipped.key("response_body").replaceFirst("_\\d+\\.json", "_99.json"), new byte[] {1});
    objects.put("feedback/notes.txt", new byte[0]);
    keys.stream().filter(key -> key.contains("/2026112412.")).forEach(objects::remove);
    Verification.Report whole = shipped.verify(Depth.FIELDS);
    assertThat(findings(whole)).hasSizeGreaterThan(3);

    for (int keysMax = 1; keysMax < 60; keysMax++) {
      Verification.Report report = shipped.verify(Depth.FIELDS, keysMax);
      assertThat(report.lines()).as("keys=%d", keysMax).isEqualTo(whole.lines());
      assertThat(json(report)).isEqualTo(json(whole));
    }
  }

  @Test
  void holdsNoMoreKeysThanItsBoundOrOneHour() throws IOException {
    ShippedFiles shipped = ShippedFiles.of(Compression.NONE);
    HourKeys keys = new HourKeys(shipped, 3);
    List<String> hours = new ArrayList<>();
    String from = "";
    do {
      HourKeys.Batch batch = keys.next(from, key -> assertThat(key).isNull());
      assertThat(batch.hours()).hasSize(1);
      hours.addAll(batch.hours().keySet());
      from = batch.end();
    } while (!from.isEmpty());

    assertThat(hours).containsExactly("2026112410", "2026112411", "2026112412");
    assertThat(keys.next("2026112411", _ -> {}).hours()).containsOnlyKeys("2026112411");
    assertThat(keys.instances()).containsExactly("0123456789ab");
  }

  @Test
  void aStoreThatDoesNotAnswerIsNoFindingButAnException() throws IOException {
    ShippedFiles shipped = ShippedFiles.of(Compression.ZSTD);
    shipped.unreadable = shipped.key("feedback");

    assertThatThrownBy(() -> shipped.verify(Depth.LINES))
        .isInstanceOf(IOException.class)
        .hasMessage(shipped.unreadable + ": Connection reset");
    shipped.unreadable = shipped.manifestKey();
    assertThatThrownBy(() -> shipped.verify(Depth.LINES)).hasMessageContaining("Connection reset");
  }

  @Test
  void findingsAreBoundedAndTheRestCounted() throws IOException {
    ShippedFiles shipped = ShippedFiles.of(Compression.NONE);
    for (int i = 0; i < ReportBook.FINDINGS_MAX + 7; i++) {
      shipped.objects().put("feedback/stranger-" + i, new byte[0]);
    }

    Verification.Report report = shipped.verify(Depth.LINES);

    assertThat(findings(report)).hasSize(ReportBook.FINDINGS_MAX + 1);
    assertThat(report.lines()).contains("! and more: findings=7");
    assertThat(report.lines()).last().isEqualTo("not balanced: findings=10007");
  }

  @Test
  void theDocumentHasVerdictHoursModelsAndFindings() throws IOException {
    ShippedFiles shipped = ShippedFiles.of(Compression.GZIP);
    JsonNode good = Json.trees().readTree(json(shipped.verify(Depth.LINES)));
    String key = shipped.key("feedback");
    shipped.objects().remove(key);
    JsonNode bad = Json.trees().readTree(json(shipped.verify(Depth.LINES)));

    assertThat(good.path("verdict").asText()).isEqualTo("balanced");
    assertThat(good.path("looks").asInt()).isOne();
    assertThat(good.path("findings").isEmpty() && good.path("ring_gap").asText().isEmpty())
        .isTrue();
    JsonNode hour = good.path("hours").path(0);
    assertThat(hour.path("hour").asText()).isEqualTo("2026112410");
    assertThat(hour.path("state").asText()).isEqualTo("closed");
    long records = 0;
    for (JsonNode row : hour.path("models")) {
      assertThat(row.path("model").asText()).isIn("wine", "a%2Fb");
      assertThat(row.path("files").asInt()).isPositive();
      records += row.path("stream").asText().equals("feedback") ? row.path("records").asInt() : 0;
    }
    assertThat(hour.path("records").path("feedback").asLong()).isEqualTo(records).isPositive();
    assertThat(hour.path("ledger").path("prediction").path("sampled_out").isInt()).isTrue();
    assertThat(hour.path("awaited").isObject() && hour.path("gaps").isInt()).isTrue();
    assertThat(bad.path("verdict").asText()).isEqualTo("not_balanced");
    assertThat(bad.path("findings").path(0).asText()).isEqualTo("file is missing: key=" + key);
    assertThat(bad.path("findings_left_out").asInt()).isZero();
  }
}
