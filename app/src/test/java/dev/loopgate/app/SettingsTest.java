package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SettingsTest {
  /// A value that is allowed and not the default, and two that are not allowed.
  record Sample(String setting, String good, List<String> bad) {}

  private static final List<Sample> SAMPLES =
      List.of(
          sample("listen", "[::1]:9090", "9090", "127.0.0.1:65536"),
          sample("admin", "127.0.0.1:9091", "nowhere", ":1"),
          sample("tls.certificate", "/etc/door.pem", "", "a\u0000b"),
          sample("tls.key", "/etc/door.key", "", "a\u0000b"),
          sample("tls.client-ca", "callers.pem", "", "a\u0000b"),
          sample("data", "/var/lib/loopgate", "", "a\u0000b"),
          sample("models", "[{id: a, url: \"http://h:1\"}]", "[{id: a}]", "{"),
          sample("routes", "[{id: ab, prefix: /ab, targets: [{model: a}]}]", "[{id: ab}]", "{"),
          sample("api.listen", "127.0.0.1:0", "5000", "127.0.0.1:65536"),
          sample("api.edge", "https://models.example", "models.example", "https://u:p@h", ""),
          sample("api.deployments", "off", "no", ""),
          sample("api.connections", "off", "no", ""),
          sample("api.predictor", "triton", "mine", ""),
          sample("api.route-prefix", "/custom/mine", "custom", "/custom/", "/../x", ""),
          sample("auth.jwks", "https://issuer/realms/r/certs", "", "ftp://a/b", "http://u:p@a/b"),
          sample("auth.issuer", "https://issuer/realms/r", "", "a b"),
          sample("auth.audience", "loopgate", "", "\u00fc"),
          sample("auth.roles-claim", "roles", "", "a\tb"),
          sample("auth.leeway", "0s", "6m", "30"),
          sample("auth.forward", "true", "yes", "on"),
          sample("auth.refresh", "1m", "500ms", "25h"),
          sample("auth.stale", "2h", "0s", "241h"),
          sample("auth.cache-bytes", "64KiB", "1KiB", "2GiB"),
          sample("capture.bytes-max", "128MiB", "128", "1TiB"),
          sample("capture.body-bytes-max", "0", "-1", "13MiB"),
          sample("capture.sample", "0.25", "0", "0.0", "1.01", "-0.5", "half", "NaN", "1e-3"),
          sample("redact.headers", "X-Mine,cookie", "a b", "a,,b"),
          sample("redact.query-parameters", "", "a\tb", "ü"),
          sample(
              "redact.body",
              "[{pointer: /user/email, action: drop, in: [request, feedback]}]",
              "[{pointer: user}]",
              "[{pointer: /a, action: hide}]",
              "[{pointer: /a, in: log}]",
              "[{pointer: /a, in: []}]",
              "[{pointer: /a~2}]",
              "[{pointer: /a, extra: 1}]",
              "[{action: mask}]",
              "/user/email"),
          sample("spool.ring-bytes", "16MiB", "3MiB", "32KiB"),
          sample("spool.ring-directory", "/tmp", "", "\n"),
          sample("spool.segment-bytes", "2MiB", "1MiB", "65MiB"),
          sample("spool.bytes-max", "1GiB", "1GB", "0"),
          sample("spool.free-bytes-min", "0", "-1", "much"),
          sample("files", "s3://bucket/a/b", "s3://bucket/../b", "s3://bucket//b", "ftp://a/b", ""),
          sample("files.compression", "zstd", "gz", "NONE", ""),
          sample(
              "sinks",
              "[{name: search, url: \"fluentd://h:1\", required: false, max-lag: 1GiB}]",
              "[{name: search}]",
              "[{name: files, url: /a}]",
              "[{name: a, url: \"fluentd://h:0\"}]",
              "[{name: a, url: /a}, {name: a, url: /b}]",
              "[{name: a, url: /a}, {name: b, url: /a}]",
              "[{name: a, url: /a, max-lag: 1GiB}]",
              "[{name: a, url: /a, tls-ca: x.pem}]",
              "[{name: a, url: /a, required: yes}]",
              "{"),
          sample(
              "s3.endpoint",
              "http://s3.internal:9000",
              "s3.internal",
              "http://u:p@s3",
              "http://s3/b"),
          sample("s3.region", "eu-central-1", "", "a b"),
          sample("s3.path-style", "on", "yes", ""),
          sample("s3.encryption", "aws:kms", "kms", "aes256"),
          sample("s3.kms-key", "alias/loopgate", "", "a b"),
          sample("s3.storage-class", "STANDARD_IA", "GLACIER", "standard"),
          sample("s3.requester-pays", "on", "true", ""),
          sample("s3.checksum", "when-required", "none", "CRC32C"),
          sample("s3.names", "unique", "create", "on"),
          sample("gcs.endpoint", "http://127.0.0.1:4443", "127.0.0.1", "ftp://a"),
          sample("gcs.project", "my-project", "", "a b"),
          sample("ship", "off", "no", "OFF"),
          sample("ship.window", "20s", "500ms", "3m"),
          sample("ship.window-bytes", "1MiB", "1", "257MiB"),
          sample("feedback.bytes-max", "8MiB", "9MiB", "1023"),
          sample("proxy.loops", "4", "0", "65", "-1"),
          sample("proxy.transport", "io_uring", "iouring", "NIO"),
          sample("proxy.head-bytes-max", "64KiB", "65KiB", "512B"),
          sample("proxy.connections-max", "64", "0", "10k"),
          sample("proxy.proxy-protocol", "on", "yes", "v2"),
          sample(
              "proxy.proxy-protocol-peers",
              "10.0.0.0/8, ::1",
              "10.0.0.1/8",
              "10.0.0.0/33",
              "::/129",
              "localhost",
              "10.0.0.0/08",
              "1.2.3.4,"),
          sample("proxy.trusted-hops", "2", "-1", "17", "none", ""),
          sample("proxy.forwarded-headers", "both", "xff", "X-Forwarded"),
          sample("proxy.traceparent", "make", "on", ""),
          sample("proxy.caller-head-timeout", "1s", "1", "2h"),
          sample("proxy.caller-idle", "1h", "0s", "1d"),
          sample("proxy.caller-stalled-timeout", "2s", "", "25h"),
          sample("proxy.model-connections-max", "7", "65536", "x"),
          sample("proxy.model-idle", "1ms", "0ms", "11m"),
          sample("proxy.connect-timeout", "250ms", "5ms", "-1s"),
          sample("proxy.first-byte-timeout", "30s", "30", "25h"),
          sample("proxy.idle-timeout", "30s", "s", "25h"),
          sample("proxy.total-timeout", "2h", "2 h", "241h"),
          sample("envoy.listen", "127.0.0.1:9901", "9901", ":1"),
          sample("envoy.certificate", "/etc/envoy-door.pem", "", "a\u0000b"),
          sample("envoy.key", "/etc/envoy-door.key", "", "a\u0000b"),
          sample("envoy.client-ca", "envoys.pem", "", "a\u0000b"),
          sample("envoy.plaintext", "anywhere", "on", "everywhere"),
          sample("envoy.exchanges-max", "100", "0", "1000001"),
          sample("envoy.idle", "10m", "500ms", "25h"),
          sample("envoy.access-log", "keep", "off", "both"),
          sample("xds.listen", "0.0.0.0:8080", "8080", ":1"),
          sample("xds.group", "edge", "", "a b"),
          sample("xds.door", "gateway.internal:9901", "9901", ":1"),
          sample("xds.proxy", "gateway.internal:8080", "8080", ":1"),
          sample("xds.model-ca", "/etc/ssl/cert.pem", "", "a\u0000b"),
          sample("sidecar.port", "15106", "0", "65536", "none"),
          sample("sidecar.idle", "10m", "500ms", "25h"),
          sample("drain-delay", "3s", "ten", "2h", "none"),
          sample("drain", "0s", "ten", "2h"),
          sample("grace", "90s", "0s", "3h"));

  @TempDir private Path directory;

  @Test
  void everySettingHasASample() {
    assertThat(SAMPLES.stream().map(Sample::setting))
        .containsExactlyInAnyOrderElementsOf(SettingsTable.names());
  }

  @Test
  void everyVariableNamesOneSetting() {
    Set<String> variables = new HashSet<>();
    for (Setting<?> setting : SettingsTable.ALL) {
      assertThat(variables.add(setting.variable())).as(setting.name()).isTrue();
    }
  }

  @Test
  void everyDefaultIsAllowed() throws UsageException {
    for (Role role : Role.values()) {
      assertThat(Settings.of(role, Map.of(), Map.of()).get(SettingsTable.LISTEN))
          .contains(
              role == Role.SIDECAR
                  ? new Address("0.0.0.0", 16_020)
                  : new Address("127.0.0.1", 8080));
    }
  }

  @Test
  void windowsAreShortInUp() throws UsageException {
    assertThat(Settings.of(Role.UP, Map.of(), Map.of()).get(SettingsTable.SHIP_WINDOW))
        .isEqualTo(Duration.ofSeconds(5));
    assertThat(Settings.of(Role.GATEWAY, Map.of(), Map.of()).get(SettingsTable.SHIP_WINDOW))
        .isEqualTo(Duration.ofSeconds(150));
  }

  @Test
  void theDoorStaysOpenAsLongAsGraceAllowsUnlessItIsSet() throws UsageException {
    Map<String, String> shorter = Map.of("drain", "8s", "grace", "10s");

    assertThat(of(Map.of(), Map.of()).drainDelay()).isEqualTo(Duration.ofSeconds(5));
    assertThat(of(shorter, Map.of()).drainDelay()).isEqualTo(Duration.ofSeconds(2));
    assertThat(of(Map.of("drain-delay", "9s"), Map.of()).drainDelay())
        .isEqualTo(Duration.ofSeconds(9));
    assertThat(Settings.of(Role.UP, Map.of(), Map.of()).drainDelay()).isEqualTo(Duration.ZERO);
  }

  static List<Sample> samples() {
    return SAMPLES;
  }

  @ParameterizedTest
  @MethodSource("samples")
  void takesAGoodValueFromEachSource(Sample sample) throws Exception {
    Setting<?> setting = setting(sample.setting());
    Object expected = setting.parse(new Raw.Text("", sample.good()));

    Settings byOption = of(Map.of(sample.setting(), sample.good()), Map.of());
    Settings byVariable = of(Map.of(), Map.of(setting.variable(), sample.good()));
    Settings byFile = of(Map.of("config", file(sample.setting(), sample.good())), Map.of());

    assertThat((Object) byOption.get(setting)).as(sample.setting()).isEqualTo(expected);
    assertThat((Object) byVariable.get(setting)).as(sample.setting()).isEqualTo(expected);
    assertThat((Object) byFile.get(setting)).as(sample.setting()).isEqualTo(expected);
    assertThat((Object) of(Map.of(), Map.of()).get(setting)).isNotEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("samples")
  void refusesABadValueFromEachSourceInOneLineThatNamesIt(Sample sample) throws Exception {
    Setting<?> setting = setting(sample.setting());
    for (String bad : sample.bad()) {
      String file = file(sample.setting(), bad);
      List<String> lines =
          List.of(
              refusal(Map.of(sample.setting(), bad), Map.of()),
              refusal(Map.of(), Map.of(setting.variable(), bad)),
              refusal(Map.of("config", file), Map.of()));

      assertThat(lines.get(0)).startsWith("option --" + sample.setting() + ": value \"");
      assertThat(lines.get(1)).startsWith("environment " + setting.variable() + ": value \"");
      assertThat(lines.get(2)).startsWith(file + ":1:");
      assertThat(lines)
          .as("%s: %s", sample.setting(), bad)
          .allSatisfy(line -> assertThat(line).contains("allowed: ").doesNotContain("\n"));
    }
  }

  @Test
  void anOptionBeatsTheEnvironmentBeatsTheFileBeatsTheDefault() throws Exception {
    String file = file("drain", "4s");
    Map<String, String> variable = Map.of("LOOPGATE_DRAIN", "3s", "LOOPGATE_CONFIG", file);

    assertThat(of(Map.of("drain", "2s"), variable).get(SettingsTable.DRAIN))
        .isEqualTo(Duration.ofSeconds(2));
    assertThat(of(Map.of(), variable).get(SettingsTable.DRAIN)).isEqualTo(Duration.ofSeconds(3));
    assertThat(of(Map.of(), Map.of("LOOPGATE_CONFIG", file)).get(SettingsTable.DRAIN))
        .isEqualTo(Duration.ofSeconds(4));
    assertThat(of(Map.of(), Map.of()).get(SettingsTable.DRAIN)).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void theFileOfAnOptionBeatsTheFileOfTheEnvironment() throws Exception {
    String mine = file("drain", "4s");

    Settings settings = of(Map.of("config", mine), Map.of("LOOPGATE_CONFIG", "/not/there"));

    assertThat(settings.get(SettingsTable.DRAIN)).isEqualTo(Duration.ofSeconds(4));
  }

  @Test
  void suggestsTheNameThatWasMeant() throws Exception {
    assertThat(refusal(Map.of("capture.byte-max", "1"), Map.of()))
        .contains("\"--capture.byte-max\"; did you mean capture.bytes-max?");
    assertThat(refusal(Map.of(), Map.of("LOOPGATE_DRIAN", "1s")))
        .contains("\"LOOPGATE_DRIAN\"; did you mean LOOPGATE_DRAIN?");
    String file = write("capture:\n  body-byte-max: 1\n");
    assertThat(refusal(Map.of("config", file), Map.of()))
        .startsWith(file + ":2:3: unknown setting \"capture.body-byte-max\"")
        .contains("did you mean capture.body-bytes-max?");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "LOOPGATE_JAVA_OPTS",
        "LOOPGATE_SERVICE_HOST",
        "LOOPGATE_SERVICE_PORT_HTTP",
        "LOOPGATE_PORT",
        "LOOPGATE_PORT_8080_TCP_ADDR",
        "PATH"
      })
  void passesOverVariablesOfOthers(String variable) throws UsageException {
    assertThat(of(Map.of(), Map.of(variable, "anything")).get(SettingsTable.ADMIN)).isEmpty();
  }

  @Test
  void takesNestedAndDottedKeysAlike() throws Exception {
    String nested = write("spool:\n  ring-bytes: 1MiB\n  segment-bytes: 2MiB\n");
    String dotted = write("spool.ring-bytes: 1MiB\nspool.segment-bytes: 2MiB\n");

    for (String file : List.of(nested, dotted)) {
      Settings settings = of(Map.of("config", file), Map.of());
      assertThat(settings.get(SettingsTable.RING_BYTES)).isEqualTo(1L << 20);
      assertThat(settings.get(SettingsTable.SEGMENT_BYTES)).isEqualTo(2L << 20);
    }
  }

  @Test
  void aSettingMayHaveOthersNestedBelowItsName() throws Exception {
    Settings settings = of(Map.of("config", write("ship: {window: 9s}\n")), Map.of());
    Settings dotted = of(Map.of("config", write("ship: off\nship.window: 9s\n")), Map.of());

    assertThat(settings.get(SettingsTable.SHIP)).isEqualTo("on");
    assertThat(settings.get(SettingsTable.SHIP_WINDOW)).isEqualTo(Duration.ofSeconds(9));
    assertThat(dotted.get(SettingsTable.SHIP)).isEqualTo("off");
    assertThat(dotted.get(SettingsTable.SHIP_WINDOW)).isEqualTo(Duration.ofSeconds(9));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "drain: 1s\ndrain: 2s\n",
        "spool: {ring-bytes: 1MiB}\nspool.ring-bytes: 1MiB\n",
        "spool:\n  ring-bytes: 1MiB\nspool:\n  ring-bytes: 1MiB\n",
        "models: [{id: a, id: b, url: \"http://h:1\"}]\n"
      })
  void refusesAKeyThatStandsTwice(String text) throws Exception {
    assertThat(refusal(Map.of("config", write(text)), Map.of())).contains("twice");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "drain: [1s\n",
        "- a\n- b\n",
        "just text",
        "drain: !!java.lang.String 1s: 2\n",
        "? [a]\n: b\n",
        "drain: {a: b}\n",
        "spool: 1\n",
        "a: &a [*a]\nmodels: *b\n",
        "\u0001",
        "drain:\t1s\n\tgrace: 2s"
      })
  void refusesAFileThatIsNoConfigurationAndSaysWhere(String text) throws Exception {
    String file = write(text);

    assertThat(refusal(Map.of("config", file), Map.of()))
        .startsWith(file + ":")
        .doesNotContain("\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{a: ", "- ", "? "})
  void refusesEndlessNestingInOneLine(String opening) throws Exception {
    String file = write(opening.repeat(100_000));

    assertThat(refusal(Map.of("config", file), Map.of()))
        .startsWith(file + ":")
        .hasSizeLessThan(300)
        .doesNotContain("\n");
    assertThat(refusal(Map.of("models", "[".repeat(100_000)), Map.of()))
        .hasSizeLessThan(600)
        .doesNotContain("\n");
  }

  @Test
  void aRoleNeedsTokens() throws Exception {
    String models = "[{id: a, url: \"http://h:1\", role: risk}]";
    Settings without = of(Map.of("models", models), Map.of());
    assertThatThrownBy(() -> new Rooms(without, new Memory(1 << 30, 1 << 30)).policy())
        .isInstanceOf(UsageException.class)
        .hasMessage(
            "option --models: role=risk of the model a stands without auth.jwks, so nobody would"
                + " be asked for a token; allowed: beside auth.jwks");

    Settings with = of(Map.of("models", models, "auth.jwks", "http://h/keys"), Map.of());
    assertThat(new Rooms(with, new Memory(1 << 30, 1 << 30)).policy()).isNotNull();
    with.checkRoles(with);
    assertThatThrownBy(() -> with.checkRoles(of(Map.of(), Map.of())))
        .as("a reload does not begin to ask")
        .isInstanceOf(UsageException.class);
  }

  @Test
  void namesAFileThatCanNotBeRead() throws Exception {
    assertThat(refusal(Map.of("config", "/not/there.yaml"), Map.of()))
        .isEqualTo("/not/there.yaml: there is no such configuration file");
    assertThat(refusal(Map.of("config", directory.toString()), Map.of())).contains("directory");
    Path latin =
        Files.write(directory.resolve("latin.yaml"), new byte[] {'a', ':', ' ', (byte) 0xe4});
    assertThat(refusal(Map.of("config", latin.toString()), Map.of())).contains("UTF-8");
  }

  @Test
  void anEmptyFileSetsNothing() throws Exception {
    for (String text : List.of("", "# nothing\n", "---\n")) {
      assertThat(of(Map.of("config", write(text)), Map.of()).get(SettingsTable.ADMIN))
          .isEqualTo(Optional.empty());
    }
  }

  @Test
  void neverShowsControlCharactersOrEndlessValues() throws Exception {
    String line = refusal(Map.of("listen", "\u001b[31m\r\n" + "x".repeat(500)), Map.of());

    assertThat(line).doesNotContain("\u001b", "\r", "\n").hasSizeLessThan(300);
  }

  @Test
  void refusesWhatDoesNotGoTogether() throws Exception {
    assertThat(refusal(Map.of("drain", "30s"), Map.of()))
        .isEqualTo(
            "option --drain: drain=30s is longer than grace=20s;"
                + " allowed: at most grace, which includes it");
    assertThat(refusal(Map.of("drain-delay", "12s"), Map.of()))
        .isEqualTo(
            "option --drain-delay: drain-delay=12s and drain=10s are longer than grace=20s;"
                + " allowed: together at most grace, which includes both");
    assertThat(refusal(Map.of("spool.bytes-max", "64MiB"), Map.of()))
        .contains("allowed: at least 256MiB");
  }

  private static Sample sample(String setting, String good, String... bad) {
    return new Sample(setting, good, List.of(bad));
  }

  private static Setting<?> setting(String name) {
    return SettingsTable.ALL.stream()
        .filter(one -> one.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static Settings of(Map<String, String> options, Map<String, String> environment)
      throws UsageException {
    return Settings.of(Role.GATEWAY, options, environment);
  }

  private static String refusal(Map<String, String> options, Map<String, String> environment) {
    List<String> lines = new ArrayList<>();
    assertThatThrownBy(() -> of(options, environment))
        .isInstanceOfSatisfying(UsageException.class, e -> lines.add(e.getMessage()));
    return lines.getFirst();
  }

  private String file(String setting, String value) throws IOException {
    boolean inline = value.startsWith("[{");
    return write(setting + ": " + (inline ? value : quoted(value)) + "\n");
  }

  private static String quoted(String value) {
    StringBuilder text = new StringBuilder("\"");
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      text.append(c < ' ' ? String.format("\\x%02x", (int) c) : String.valueOf(c));
    }
    return text.append('"').toString();
  }

  private String write(String text) throws IOException {
    Path file = Files.createTempFile(directory, "loopgate", ".yaml");
    return Files.writeString(file, text).toString();
  }
}
