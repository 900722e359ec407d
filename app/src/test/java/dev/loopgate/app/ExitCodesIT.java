package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.GatewayProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a user sees who mistyped something, or whose machine will not do: one line, and which code.
final class ExitCodesIT {
  @TempDir private Path directory;

  @Test
  void whatIsNotUnderstoodIsOneLineAndExit2() throws Exception {
    Path file = Files.writeString(directory.resolve("l.yaml"), "listn: a\n");
    List<Command> commands =
        List.of(
            Command.loopgate(Map.of(), "upp"),
            Command.loopgate(Map.of(), "gateway", "--listn", "a"),
            Command.loopgate(Map.of(), "gateway", "--listen", "8080"),
            Command.loopgate(Map.of("LOOPGATE_GRACE", "soon"), "gateway"),
            Command.loopgate(Map.of("LOOPGATE_GRASE", "1s"), "config"),
            Command.loopgate(Map.of(), "gateway", "--config", file.toString()),
            Command.loopgate(Map.of(), "up", "--config", directory + "/not-there.yaml"),
            Command.loopgate(Map.of(), "up", "--models", "[{id: wine, url: \"http://h:1\"}]"),
            Command.loopgate(Map.of(), "verify", directory + "/not-there"),
            Command.loopgate(Map.of()));

    assertThat(commands)
        .allSatisfy(command -> {
          assertThat(command.err()).startsWith("loopgate: ").hasLineCount(1);
          assertThat(command.exit()).as(command.err()).isEqualTo(2);
          assertThat(command.out()).isEmpty();
        });
    assertThat(commands.get(5).err()).contains("l.yaml:1:1", "did you mean listen?");
  }

  @Test
  void aPortThatIsTakenIsOneLineAndExit1() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      String address = "127.0.0.1:" + taken.getLocalPort();
      Path data = directory.resolve("data");

      Command command =
          Command.loopgate(Map.of(), "gateway", "--listen", address, "--data", data.toString());

      assertThat(command.exit()).as(command.err()).isEqualTo(1);
      assertThat(command.err()).startsWith("loopgate: listen: can't listen at " + address);
      assertThat(command.err()).contains("allowed: a free port").hasLineCount(1);
      assertThat(data).as("nothing was opened").doesNotExist();
    }
  }

  @Test
  void aKeyWithoutItsEncryptionIsOneLineAndNothingIsMade() throws Exception {
    Path data = directory.resolve("data");

    Command lone =
        Command.loopgate(
            Map.of("LOOPGATE_S3_KMS_KEY", "alias/mine"),
            "gateway",
            "--listen",
            "127.0.0.1:0",
            "--data",
            data.toString());

    assertThat(lone.exit()).as(lone.err()).isEqualTo(1);
    assertThat(lone.err())
        .startsWith("loopgate: environment LOOPGATE_S3_KMS_KEY: s3.kms-key stands alone; allowed: ")
        .hasLineCount(1);
    assertThat(data).doesNotExist();
  }

  @Test
  void aCertificateThatCanNotBeUsedIsOneLine() throws Exception {
    Path none = directory.resolve("none.pem");
    Path text = Files.writeString(directory.resolve("text.pem"), "no certificate");
    String data = directory.resolve("data").toString();
    String[] start = {"gateway", "--listen", "127.0.0.1:0", "--data", data};

    Command lone = Command.loopgate(Map.of("LOOPGATE_TLS_KEY", none.toString()), start);
    Command missing = Command.loopgate(tls(none), start);
    Command wrong = Command.loopgate(tls(text), start);

    assertThat(lone.exit()).as(lone.err()).isEqualTo(1);
    assertThat(lone.err())
        .startsWith("loopgate: environment LOOPGATE_TLS_KEY: tls.key stands alone; allowed: ")
        .hasLineCount(1);
    assertThat(missing.exit()).as(missing.err()).isEqualTo(1);
    assertThat(missing.err())
        .contains("tls: file=" + none + " is not there or not readable")
        .hasLineCount(1);
    assertThat(wrong.exit()).as(wrong.err()).isEqualTo(1);
    assertThat(wrong.err()).contains("tls: certificate=" + text + ", key=" + text).hasLineCount(1);
  }

  private static Map<String, String> tls(Path file) {
    return Map.of("LOOPGATE_TLS_CERTIFICATE", file.toString(), "LOOPGATE_TLS_KEY", file.toString());
  }

  @Test
  void aDirectoryThatCanNotBeWrittenIsOneLineAndExit1() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "");
    for (String data : List.of(file.toString(), file + "/below", "/proc/loopgate")) {
      Command command =
          Command.loopgate(Map.of(), "gateway", "--listen", "127.0.0.1:0", "--data", data);

      assertThat(command.exit()).as(command.err()).isEqualTo(1);
      assertThat(command.err())
          .startsWith("loopgate: data: " + data)
          .contains("allowed: a directory that can be written")
          .hasLineCount(1);
    }
  }

  @Test
  void aCommitLogWithoutAReadableSnapshotIsOneLineAndExit1() throws Exception {
    Path data = dataOfARun();
    Path commits = data.resolve("spool").resolve("commit");
    try (var logs = Files.list(commits)) {
      for (Path log : logs.toList()) {
        Files.write(log, new byte[100]);
      }
    }

    refusesThis(data, commits.toString(), "commit log: no whole snapshot: file=", "move it away");
  }

  @Test
  void anIdentThatCanNotBeReadIsOneLineAndExit1() throws Exception {
    Path data = dataOfARun();
    Path ident = data.resolve("spool").resolve("IDENT");
    Files.delete(ident);
    Files.createDirectory(ident); // what not even root can read as a file

    refusesThis(data, ident.toString(), "IDENT can't be read: file=", "that this user may read");
  }

  @Test
  void aDamagedIdentIsOneLineAndExit1WhereNoSegmentSaysTheId() throws Exception {
    Path ident = Files.createDirectories(directory.resolve("data").resolve("spool"));
    ident = Files.writeString(ident.resolve("IDENT"), "no id");

    refusesThis(
        directory.resolve("data"), ident.toString(), "IDENT damaged: file=", "move it away");
  }

  /// Row 20 of the fault matrix.
  @Test
  void aSpoolOfALaterVersionIsOneLineAndExit1AndStaysAsItIs() throws Exception {
    Path data = dataOfARun();
    Path ident = data.resolve("spool").resolve("IDENT");
    ByteBuffer later =
        ByteBuffer.wrap(Files.readAllBytes(ident)).order(ByteOrder.LITTLE_ENDIAN).putInt(8, 3);
    CRC32C crc = new CRC32C();
    crc.update(later.array(), 0, 32);
    Files.write(ident, later.putInt(32, (int) crc.getValue()).array());
    Map<Path, Long> before = filesBelow(data);

    refusesThis(data, ident.toString(), "spool of a later version: file=", "version=3, known=2");

    assertThat(filesBelow(data)).isEqualTo(before);
  }

  /// Each file with a checksum of its bytes.
  private static Map<Path, Long> filesBelow(Path data) throws IOException {
    Map<Path, Long> files = new TreeMap<>();
    try (Stream<Path> walk = Files.walk(data)) {
      for (Path file : walk.filter(Files::isRegularFile).toList()) {
        CRC32C crc = new CRC32C();
        crc.update(Files.readAllBytes(file));
        files.put(file, crc.getValue());
      }
    }
    return files;
  }

  private void refusesThis(Path data, String file, String... parts) throws Exception {
    List<Command> commands =
        List.of(
            Command.loopgate(Map.of(), "verify", data.toString()),
            Command.loopgate(Map.of(), "inspect", data.toString()),
            Command.loopgate(Map.of(), "ship", "--spool", data.toString()),
            Command.loopgate(Map.of(), "up", "--listen=127.0.0.1:0", "--data=" + data),
            Command.loopgate(Map.of(), "gateway", "--listen=127.0.0.1:0", "--data=" + data));
    assertThat(commands)
        .allSatisfy(command -> {
          assertThat(command.err()).startsWith("loopgate: ").hasLineCount(1);
          assertThat(command.err()).contains(file, "allowed: ").contains(parts);
          assertThat(command.exit()).isEqualTo(1);
          assertThat(command.out()).isEmpty();
        });
  }

  /// A data directory that two lives of a gateway wrote in.
  private Path dataOfARun() throws Exception {
    Rig rig = Rig.infrontOf(directory, "http://127.0.0.1:9");
    for (int life = 0; life < 2; life++) {
      try (GatewayProcess gateway = rig.start()) {
        assertThat(gateway.stop()).isZero();
      }
    }
    return rig.data();
  }

  @Test
  void settingsThatNeedMoreMemoryThanTheJvmHasAreOneLineAndExit1() throws Exception {
    Command command =
        Command.loopgate(
            Map.of(),
            "gateway",
            "--listen=127.0.0.1:0",
            "--data=" + directory,
            "--capture.bytes-max=10GiB");

    assertThat(command.exit()).as(command.err()).isEqualTo(1);
    assertThat(command.err())
        .startsWith("loopgate: direct memory: the settings need ")
        .contains("capture.bytes-max=10GiB")
        .hasLineCount(1);
  }

  @Test
  void whatOnlyTellsEndsWith0() throws Exception {
    Command version = Command.loopgate(Map.of(), "version");
    Command help = Command.loopgate(Map.of(), "help", "up");
    Command config =
        Command.loopgate(
            Map.of("LOOPGATE_DRAIN", "3s", "LOOPGATE_JAVA_OPTS", "-Xmx1g"), "config", "--grace=4s");

    assertThat(version.exit()).isZero();
    assertThat(version.out()).startsWith("loopgate ").hasLineCount(1);
    assertThat(help.exit()).isZero();
    assertThat(help.out()).contains("--capture.bytes-max=BYTES");
    assertThat(config.exit()).isZero();
    assertThat(config.out())
        .contains("drain = 3s    (environment LOOPGATE_DRAIN)", "grace = 4s    (option --grace)");
    assertThat(version.err() + help.err() + config.err()).isEmpty();
  }
}
