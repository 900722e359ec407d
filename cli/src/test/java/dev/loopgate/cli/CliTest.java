package dev.loopgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.ManualTime;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CliTest {
  private final List<String> done = new ArrayList<>();
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final Verbs verbs =
      new Verbs(
          options -> did("up", options),
          options -> did("gateway", options),
          options -> did("sidecar", options),
          options -> did("config", options),
          options -> did("ship", options),
          (asked, to) -> {
            to.println(
                "looked at "
                    + Path.of(asked.place()).getFileName()
                    + asked.options().values()
                    + String.join("", asked.flags()));
            return 3;
          },
          (asked, _) -> {
            throw new IOException(
                "spool: directory=" + Path.of(asked.place()).getFileName() + " is\nnone");
          },
          List.of(
              new Verbs.Command(
                  "rules",
                  "Rules.",
                  (options, flags) -> did("rules " + flags, options),
                  () -> List.of(new Verbs.SettingOption("ports", "PORTS", "Which.")),
                  () -> List.of(new Verbs.Flag("print", "Print them.")))),
          () ->
              List.of(
                  new Verbs.SettingOption("listen", "HOST:PORT", "The door, 100 % ours."),
                  new Verbs.SettingOption("capture.bytes-max", "BYTES", "All bodies.")),
          () -> List.of(new Verbs.SettingOption("spool", "DIR", "A spool.")),
          () -> List.of(new Verbs.SettingOption("spool.ring-directory", "DIR", "Of the ring.")),
          List::of,
          () -> List.of(new Verbs.Flag("json", "For programs.")),
          "loopgate 1.2");

  @TempDir private Path directory;

  @Test
  void takesAnOptionWithASpaceOrAnEqualsSign() {
    assertThat(run("up", "--listen", "a:1", "--capture.bytes-max=64MiB")).isZero();
    assertThat(run("gateway", "--listen=")).isZero();
    assertThat(run("config")).isZero();

    assertThat(done)
        .containsExactly(
            "up {listen=a:1, capture.bytes-max=64MiB}", "gateway {listen=}", "config {}");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void aFlagHasNoValueAndIsOfVerifyAlone() {
    assertThat(run("verify", "--json", directory.toString())).isEqualTo(3);
    assertThat(out.toString())
        .isEqualToIgnoringNewLines("looked at " + directory.getFileName() + "[]json");
    assertThat(run("verify", "--json=yes", directory.toString())).isEqualTo(2);
    assertThat(run("inspect", "--json", directory.toString())).isEqualTo(2);
    assertThat(run("up", "--json")).isEqualTo(2);
  }

  @Test
  void aVerbOfItsOwnHasFlagsAndOptions() {
    assertThat(run("rules", "--print", "--ports", "8080")).isZero();
    assertThat(run("rules")).isZero();
    assertThat(run("rules", "--ports")).isEqualTo(2);
    assertThat(run("rules", "--listen", "a:1")).isEqualTo(2);
    assertThat(run("sidecar", "--listen", "a:1")).isZero();

    assertThat(done)
        .containsExactly("rules [print] {ports=8080}", "rules [] {}", "sidecar {listen=a:1}");
  }

  @Test
  void passesTheExitCodeOn() {
    assertThat(run("verify", directory.toString())).isEqualTo(3);
    assertThat(out.toString())
        .isEqualToIgnoringNewLines("looked at " + directory.getFileName() + "[]");
    assertThat(run("verify", "--spool.ring-directory=/r", directory.toString())).isEqualTo(3);
    assertThat(out.toString()).contains("looked at " + directory.getFileName() + "[/r]");
  }

  @Test
  void verifyTakesAUrlAndInspectDoesNot() {
    assertThat(run("verify", "s3://bucket/prefix")).isEqualTo(3);
    assertThat(out.toString()).isEqualToIgnoringNewLines("looked at prefix[]");
    assertThat(run("inspect", "s3://bucket/prefix")).isEqualTo(Cli.USAGE);
  }

  @Test
  void aDirectoryThatCanNotBeReadIsOneLineAndNoUsageError() {
    assertThat(run("inspect", directory.toString())).isEqualTo(Cli.FAILED);
    assertThat(err.toString().lines())
        .containsExactly(
            "loopgate: inspect: spool: directory=" + directory.getFileName() + " is?none");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      emptyValue = "",
      value = {
        "''; no command",
        "upp; unknown command or option \"upp\"",
        "deployment frob; unknown command or option \"frob\"; allowed: get, create, edit, delete",
        "deployment get frob; unknown argument \"frob\"",
        "up --listn a:1; unknown argument \"--listn\"; did you mean --listen?",
        "up --listen; --listen",
        "up extra; unknown argument \"extra\"",
        "up --listen a:1 --listen b:1; --listen",
        "verify; DIR",
        "verify /not/there; DIR: value \"/not/there\" is no directory",
        "verify a b; unknown argument",
        "version now; unknown argument",
        "help upp; unknown command \"upp\"",
        "up @file; unknown argument \"@file\""
      })
  void whatCanNotBeMeantIsOneLineAndExit2(String typed, String expected) {
    int code = run(typed.isEmpty() ? new String[0] : typed.split(" ", -1));

    assertThat(code).as(typed).isEqualTo(Cli.USAGE);
    assertThat(err.toString().lines())
        .as(typed)
        .singleElement()
        .satisfies(line -> assertThat(line).startsWith("loopgate: ").contains(expected));
    assertThat(done).isEmpty();
  }

  @Test
  void aHostileWordNeverBecomesASecondLine() {
    assertThat(run("up", "--x\u001b[31m\n\rloopgate: fine")).isEqualTo(Cli.USAGE);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(err.toString()).doesNotContain("\u001b");
  }

  @ParameterizedTest
  @ValueSource(strings = {"help", "--help", "-h"})
  void helpNamesEveryCommand(String word) {
    assertThat(run(word)).isZero();
    assertThat(out.toString())
        .contains("up", "gateway", "config", "verify", "inspect", "version", "help");
  }

  @Test
  void helpOfACommandHasItsOptions() {
    assertThat(run("help", "up")).isZero();
    assertThat(out.toString()).contains("--listen=HOST:PORT", "The door, 100 % ours.");
    assertThat(run("gateway", "--help")).isZero();
  }

  @Test
  void versionIsOneLine() {
    assertThat(run("version")).isZero();
    assertThat(out.toString()).isEqualToIgnoringNewLines("loopgate 1.2");
  }

  private int did(String verb, Map<String, String> options) {
    done.add(verb + " " + options);
    return Cli.OK;
  }

  private int run(String... arguments) {
    Surroundings around =
        new Surroundings(
            Map.of(),
            directory,
            InputStream.nullInputStream(),
            ManualTime.at("2026-11-24T10:00:00Z"),
            _ -> {});
    return new Cli(verbs, around, new PrintWriter(out, true), new PrintWriter(err, true))
        .run(arguments);
  }
}
