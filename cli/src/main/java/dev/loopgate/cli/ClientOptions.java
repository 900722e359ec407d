package dev.loopgate.cli;

import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/// The options that several verbs of a client have.
final class ClientOptions {
  static final String URL = "--url";
  static final String TOKEN = "--token";
  static final String CLIENT_ID = "--client-id";
  static final String CLIENT_SECRET = "--client-secret";
  static final String ISSUER_URL = "--issuer-url";
  static final String VERBOSE = "--verbose";
  static final String NON_VERBOSE = "--non-verbose";
  static final Set<String> VERBOSE_WORDS = Set.of(VERBOSE, NON_VERBOSE);
  static final String FILE = "--file";
  static final String FORMAT = "--output-format";
  static final String WAIT = "--wait";
  static final String NO_WAIT = "--no-wait";
  static final String TIMEOUT = "--timeout";

  private ClientOptions() {}

  /// Where the API is and as whom it is asked: before the verb or behind it.
  static void addAccess(CommandSpec spec) {
    addText(spec, "URL", "Where the API is (API_URL).", URL);
    addText(spec, "ID", "The client that tokens are asked for as.", CLIENT_ID);
    addText(spec, "SECRET", "Its secret.", CLIENT_SECRET);
    addText(spec, "URL", "Who gives tokens (ISSUER_URL).", ISSUER_URL);
    addText(spec, "TOKEN", "The bearer token (API_TOKEN).", TOKEN);
  }

  /// How much is told when something does not work.
  static void addVerbose(CommandSpec spec) {
    addFlag(spec, "Tell more when something does not work.", VERBOSE);
    addFlag(spec, "Tell no more than is needed (default).", NON_VERBOSE);
  }

  static void addFormat(CommandSpec spec) {
    addText(
        spec,
        "FORMAT",
        "yaml (default), json, table, name or jsonpath=EXPRESSION.",
        "-o",
        FORMAT,
        "--format");
  }

  static void addFile(CommandSpec spec, String meaning) {
    addText(spec, "FILE", meaning, "-f", FILE);
  }

  static void addId(CommandSpec spec, EntityKind kind, String meaning) {
    addText(spec, "ID", meaning, kind.idOptions().toArray(String[]::new));
  }

  /// Whether to wait, and how long.
  static void addWait(CommandSpec spec, int seconds) {
    addFlag(spec, "Wait until it is so (default).", WAIT);
    addFlag(spec, "Do not wait.", NO_WAIT);
    addText(spec, "SECONDS", "How long to wait (" + seconds + ").", TIMEOUT);
  }

  static void addText(CommandSpec spec, String label, String meaning, String... names) {
    spec.addOption(
        OptionSpec.builder(names)
            .paramLabel(label)
            .description(meaning.replace("%", "%%"))
            .type(String.class)
            .build());
  }

  static void addFlag(CommandSpec spec, String meaning, String... names) {
    spec.addOption(OptionSpec.builder(names).type(boolean.class).description(meaning).build());
  }

  /// One argument after the other, all of them needed.
  static void addArguments(CommandSpec spec, List<String> labels) {
    for (int i = 0; i < labels.size(); i++) {
      spec.addPositional(
          PositionalParamSpec.builder()
              .paramLabel(labels.get(i))
              .index(String.valueOf(i))
              .arity("1")
              .required(true)
              .type(String.class)
              .build());
    }
  }
}
