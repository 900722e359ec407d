package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.RequestId;
import dev.loopgate.logshipper.CommitRecord.PlannedFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What is published of each compression, and what is said of a file that is none.
final class CompressionTest {
  private static final String HOUR = "2026112410";
  private static final String LINE =
      "{\"request_id\":\"a\",\"time\":\"2026-11-24 10:30:00 +0000\",\"request_content\":\"x\"}\n";

  private static byte[] packed(Compression compression, String text) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream codec = compression.compressing(out)) {
      codec.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return out.toByteArray();
  }

  private static FileReading.Content content(Compression compression, byte[] bytes)
      throws IOException {
    try (FileReading reading =
        new FileReading(
            "f" + compression.fileEnd(),
            new ByteArrayInputStream(bytes),
            RecordReader.plain(HOUR))) {
      return reading.end();
    }
  }

  @ParameterizedTest
  @EnumSource
  void eachIsPublishedUnderItsNameAndHoldsEachEntryOnce(Compression compression)
      throws IOException {
    ShipperSim sim = new ShipperSim(1);
    sim.config = sim.config.withCompression(compression);
    for (int i = 0; i < 20; i++) {
      sim.log.append(FakeLog.prediction("id" + i, "wine", "1", sim.time.epochMillis()));
      sim.log.append(FakeLog.feedback("id" + i, "wine", "1", sim.time.epochMillis()));
    }
    sim.start();
    sim.workUntilDone();

    sim.assertEachOnce(compression.word());
    sim.assertManifestsHold(compression.word());
    assertThat(sim.events.published)
        .hasSize(3)
        .allMatch(key -> key.endsWith("_0" + compression.fileEnd()));
    for (Manifest.FileEntry file : sim.manifests().firstEntry().getValue().files()) {
      byte[] bytes = Objects.requireNonNull(sim.objects().get(file.key()));
      assertThat(file.size()).isEqualTo(bytes.length);
      assertThat(file.records()).isEqualTo(20);
      assertThat(content(compression, bytes))
          .isEqualTo(new FileReading.Content(Checksum.of(bytes), 20, 0, "", ""));
    }
  }

  @Test
  void aPlanIsPublishedAsItWasStagedWhateverTheSettingSaysByThen() throws IOException {
    for (Compression before : Compression.values()) {
      for (Compression after : Compression.values()) {
        ShipperSim sim = new ShipperSim(1);
        sim.config = sim.config.withCompression(before);
        sim.refuses = true;
        sim.log.append(FakeLog.feedback("first", "wine", "1", sim.time.epochMillis()));
        sim.start();
        sim.work();
        assertThat(sim.events.parked).hasSize(1); // staged and planned, and refused

        sim.refuses = false;
        sim.config = sim.config.withCompression(after);
        sim.start();
        sim.log.append(FakeLog.feedback("second", "wine", "1", sim.time.epochMillis()));
        sim.time.advance(Duration.ofMinutes(10));
        sim.workUntilDone();

        String path = "feedback/wine/1/year=2026/month=11/day=24/2026112410_";
        assertThat(sim.events.published)
            .containsExactly(path + "0" + before.fileEnd(), path + "1" + after.fileEnd());
        sim.assertEachOnce(before + " " + after);
        sim.assertManifestsHold(before + " " + after);
      }
    }
  }

  @Test
  void aPlanOfAVersionThatKnewNoCompressionIsOfPlainFiles() throws IOException {
    PlannedFile zstd =
        new PlannedFile(
            0, LogStream.FEEDBACK, "wine", "1", 494_242, 7, 1, 2, 3, 0, 2, Compression.ZSTD);
    String text = new String(Json.bytes(zstd), StandardCharsets.UTF_8);

    PlannedFile before =
        Json.read(
            text.replace(",\"compression\":\"ZSTD\"", "").getBytes(StandardCharsets.UTF_8),
            PlannedFile.class);

    assertThat(text).contains("compression");
    assertThat(before.compression()).isEqualTo(Compression.NONE);
    assertThat(before.key().path()).endsWith("_7.json");
    assertThat(Json.read(Json.bytes(zstd), PlannedFile.class)).isEqualTo(zstd);
  }

  @Test
  void numbersCountOverAllSuffixesAlsoAfterAForeignFile() throws IOException {
    MemoryStore.Bucket bucket = new MemoryStore.Bucket();
    Set<String> numbers = new TreeSet<>();
    for (Compression compression : Compression.values()) {
      String spool = "%012x".formatted(numbers.size()).repeat(3).substring(0, 32);
      ShipperSim sim = new ShipperSim(1, bucket, spool);
      sim.config = sim.config.withCompression(compression);
      sim.log.append(FakeLog.feedback("a" + compression, "wine", "1", sim.time.epochMillis()));
      sim.start();
      sim.workUntilDone();
      numbers.add(sim.events.published.getFirst().replaceAll(".*_|\\..*", ""));
    }

    assertThat(numbers).containsExactly("0", "1", "2");
  }

  @ParameterizedTest
  @EnumSource
  void aFileIsSplitByWhatIsPublishedAndByWhatIsInIt(Compression compression) throws IOException {
    ShipperSim sim = new ShipperSim(1);
    long fileBytes = 64 << 10;
    sim.config = sim.config.withCompression(compression).withBytesMax(256 << 20, fileBytes);
    Random random = new Random(1);
    for (int i = 0; i < 200; i++) {
      byte[] noise = new byte[3000]; // hardly to be compressed
      random.nextBytes(noise);
      sim.log.append(feedback("noise", HexFormat.of().formatHex(noise), sim));
      sim.log.append(feedback("same", "a".repeat(6000), sim));
    }
    sim.start();
    sim.workUntilDone();

    sim.assertManifestsHold(compression.word());
    Map<String, byte[]> objects = sim.objects();
    List<String> same =
        sim.events.published.stream().filter(key -> key.contains("/same/")).toList();
    // 1.2 MB of one letter: compressed less than a file, and yet more than one.
    assertThat(same).hasSize(compression == Compression.NONE ? 19 : 3);
    for (String key : sim.events.published) {
      assertThat(Objects.requireNonNull(objects.get(key)).length)
          .as(key)
          .isLessThan((int) fileBytes + (400 << 10)); // and what a codec holds
    }
    assertThat(sim.events.published.stream().filter(key -> key.contains("/noise/")))
        .hasSizeGreaterThan(1);
  }

  private static Feedback feedback(String model, String text, ShipperSim sim) {
    return new Feedback(
        new RequestId("id"),
        new ModelIdentity(model, "1"),
        sim.time.epochMillis(),
        "{\"json\":\"" + text + "\"}",
        "");
  }

  @ParameterizedTest
  @EnumSource
  void anyDamageIsToldAndNeverThrown(Compression compression) throws IOException {
    byte[] good = packed(compression, LINE.repeat(50));
    assertThat(content(compression, good).broken()).isEmpty();

    for (int cut = 0; cut < good.length; cut += 7) {
      FileReading.Content content = content(compression, Arrays.copyOf(good, cut));
      assertThat(content.checksum().size()).isEqualTo(cut);
      assertThat(content.records() < 50 || !content.broken().isEmpty()).as("cut=%d", cut).isTrue();
    }
    for (int at = 0; at < good.length; at++) {
      byte[] bad = good.clone();
      bad[at] ^= 0x10;
      FileReading.Content content = content(compression, bad);
      assertThat(content.checksum()).isEqualTo(Checksum.of(bad)).isNotEqualTo(Checksum.of(good));
    }
    byte[] longer = Arrays.copyOf(good, good.length + 100_000);
    assertThat(content(compression, longer).checksum()).isEqualTo(Checksum.of(longer));
  }

  @ParameterizedTest
  @EnumSource(names = {"GZIP", "ZSTD"})
  void aFrameThatIsCutOrWrongCanNotBeDecompressed(Compression compression) throws IOException {
    byte[] good = packed(compression, LINE.repeat(5000));
    byte[] wrong = good.clone();
    wrong[good.length / 2] ^= 1;

    assertThat(content(compression, Arrays.copyOf(good, good.length - 3)).broken()).isNotEmpty();
    assertThat(content(compression, wrong).broken()).isNotEmpty();
    assertThat(content(compression, LINE.getBytes(StandardCharsets.UTF_8)).broken()).isNotEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"GZIP", "ZSTD"})
  void membersAndFramesThatFollowEachOtherAreOneFile(Compression compression) throws IOException {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.write(packed(compression, LINE.repeat(2)));
    both.write(packed(compression, LINE.repeat(3)));

    assertThat(content(compression, both.toByteArray()).records()).isEqualTo(5);
  }

  @Test
  void aBombIsAFindingOfBoundedMemory() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] zeros = new byte[1 << 20];
    Arrays.fill(zeros, (byte) '1');
    try (OutputStream codec = Compression.ZSTD.compressing(out)) {
      codec.write("{\"payload\":".getBytes(StandardCharsets.UTF_8));
      for (int i = 0; i < 300; i++) {
        codec.write(zeros);
      }
    }
    assertThat(content(Compression.ZSTD, out.toByteArray()).broken())
        .contains("a number or word has more than");

    out.reset();
    try (OutputStream codec = Compression.GZIP.compressing(out)) {
      codec.write("{\"payload\":\"".getBytes(StandardCharsets.UTF_8));
      for (int i = 0; i < 300; i++) {
        codec.write(zeros);
      }
    }
    assertThat(content(Compression.GZIP, out.toByteArray()).broken())
        .contains("a line has more than");

    out.reset();
    zeros[0] = '\n';
    try (OutputStream codec = Compression.ZSTD.compressing(out)) {
      for (int i = 0; i < 1200; i++) {
        codec.write(zeros);
      }
    }
    assertThat(out.size()).isLessThan(1 << 20);
    assertThat(content(Compression.ZSTD, out.toByteArray()).broken())
        .contains("bytes when decompressed");
  }

  @Test
  void aLineThatIsNoneIsNamedWithWhatIsWrong() throws IOException {
    byte[] bytes = packed(Compression.GZIP, LINE + "{\"request_id\":\"b\"}\n" + LINE + "{");

    FileReading.Content content = content(Compression.GZIP, bytes);

    assertThat(content.badLine()).isEqualTo(2);
    assertThat(content.problem()).isEqualTo("no time of this hour");
    assertThat(content.records()).isEqualTo(3);
    assertThat(content(Compression.NONE, LINE.strip().getBytes(StandardCharsets.UTF_8)).problem())
        .isEqualTo("no line break at the end");
  }

  @Test
  void whatIsGivenUpWritesNothingMore() throws IOException {
    for (Compression compression : Compression.values()) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      Packing packing = new Packing(compression, out);
      packing.write(LINE.getBytes(StandardCharsets.UTF_8));
      int size = out.size();
      packing.giveUp();
      packing.giveUp();

      assertThat(out.size()).as(compression.word()).isEqualTo(size);
    }
    assertThat(Path.of("f" + Compression.ZSTD.fileEnd())).hasFileName("f.json.zst");
  }
}
