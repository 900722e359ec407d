package dev.loopgate.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/// One run of a verb of a client: what was typed, what is set, and who is asked. Confined to the
/// thread that runs it.
final class Call implements AutoCloseable {
  private static final int RETRIES_MAX = 20;
  private static final int TIMEOUT_MAX = 30 * 24 * 3600;

  private final CommandLine line;
  private final Surroundings around;
  private @Nullable HttpCalls calls;
  private @Nullable ClientSettings settings;

  Call(CommandSpec spec, Surroundings around) {
    this.line = spec.commandLine();
    this.around = around;
  }

  Surroundings around() {
    return around;
  }

  PrintWriter out() {
    return line.getOut();
  }

  /// Tells how it goes: one line on the other stream.
  void tell(String text) {
    line.getErr().println(PrintableText.line("loopgate: " + text));
  }

  /// The verb itself, with its options.
  CommandLine line() {
    return line;
  }

  /// The value of an option, of the verb or of what it stands behind; empty when it was not given.
  Optional<String> given(String name) {
    return matched(name).map(option -> option.<String>getValue());
  }

  /// The same, where nothing and an empty text are one.
  String text(String name) {
    return given(name).orElse("");
  }

  /// Whether a flag was given.
  boolean has(String flag) {
    return matched(flag).isPresent();
  }

  /// The argument at this place.
  String argument(int index) {
    return line.getParseResult().matchedPositionalValue(index, "");
  }

  /// Whether to wait, and how long: empty for not at all.
  Optional<Duration> waiting(int defaultSeconds) {
    Duration timeout = timeout(defaultSeconds);
    return has(ClientOptions.NO_WAIT) ? Optional.empty() : Optional.of(timeout);
  }

  /// How long to wait.
  Duration timeout(int defaultSeconds) {
    String text = text(ClientOptions.TIMEOUT);
    if (text.isEmpty()) {
      return Duration.ofSeconds(defaultSeconds);
    }
    if (!text.matches("[0-9]{1,9}") || Integer.parseInt(text) == 0) {
      throw usage("timeout must be positive integer");
    }
    return Duration.ofSeconds(Math.min(TIMEOUT_MAX, Integer.parseInt(text)));
  }

  /// How to show what was asked for.
  OutputFormat format() {
    String text = text(ClientOptions.FORMAT);
    return OutputFormat.of(text)
        .orElseThrow(
            () -> usage("invalid choice: " + text + ". (choose from json, table, yaml, jsonpath)"));
  }

  /// The one id that was given by option or by file.
  String idOrFile(EntityKind kind) throws ClientException {
    String id = text("--id");
    String file = text(ClientOptions.FILE);
    if (id.isEmpty() && file.isEmpty()) {
      throw new ClientException("You should provide an ID or file parameter.");
    }
    if (!id.isEmpty() && !file.isEmpty()) {
      throw new ClientException("You should provide an ID or file parameter, not both.");
    }
    if (!id.isEmpty()) {
      return id;
    }
    String declared = Manifest.one(kind, file, around.in()).id();
    if (declared.isEmpty()) {
      throw new ClientException("'" + file + "' names no id");
    }
    return declared;
  }

  /// What was not typed as it may be; to be thrown.
  ParameterException usage(String message) {
    return new ParameterException(line, message);
  }

  ClientSettings settings() throws ClientException {
    ClientSettings read = settings;
    if (read == null) {
      read = ClientSettings.of(around);
      settings = read;
    }
    return read;
  }

  /// Where the API is.
  String apiUrl() throws ClientException {
    return UrlText.base(given(ClientOptions.URL).orElse(settings().get(Variable.API_URL)));
  }

  /// The API, asked with what was given and what is set.
  ApiClient api() throws ClientException {
    return api(access());
  }

  /// The API at `url`, asked with this token, by nobody else.
  ApiClient api(String url, String token) throws ClientException {
    return api(access(url, token, Renewal.Grant.NONE));
  }

  /// Who asks, with what was given and what is set.
  ApiAccess access() throws ClientException {
    boolean tokenTyped = !text(ClientOptions.TOKEN).isEmpty();
    boolean clientTyped = given(ClientOptions.CLIENT_SECRET).isPresent();
    Renewal.Grant set =
        new Renewal.Grant(
            given(ClientOptions.ISSUER_URL).orElse(settings().get(Variable.ISSUER_URL)),
            settings().get(Variable.ODAHUFLOWCTL_OAUTH_TOKEN_URL),
            given(ClientOptions.CLIENT_ID)
                .orElse(settings().get(Variable.ODAHUFLOWCTL_OAUTH_CLIENT_ID)),
            given(ClientOptions.CLIENT_SECRET)
                .orElse(settings().get(Variable.ODAHUFLOWCTL_OAUTH_CLIENT_SECRET)),
            settings().get(Variable.API_REFRESH_TOKEN));
    // Whoever types a token asks with that one, whatever is kept of others.
    Renewal.Grant grant = tokenTyped && !clientTyped ? Renewal.Grant.NONE : set;
    boolean asThatClient = given(ClientOptions.CLIENT_ID).isPresent() && !tokenTyped;
    String token = asThatClient && grant.isOfClient() ? "" : token();
    return access(apiUrl(), token, grant);
  }

  /// The token that was given, or is set.
  private String token() throws ClientException {
    String typed = text(ClientOptions.TOKEN).strip(); // of a file that was read into a variable
    return typed.isEmpty() ? settings().get(Variable.API_TOKEN).strip() : typed;
  }

  /// Who asks over HTTP.
  HttpCalls calls() {
    HttpCalls made = calls;
    if (made == null) {
      made = new HttpCalls();
      calls = made;
    }
    return made;
  }

  @Override
  public void close() {
    HttpCalls made = calls;
    if (made != null) {
      made.close();
    }
  }

  private ApiClient api(ApiAccess access) {
    return new ApiClient(calls(), access, around.pauses());
  }

  private ApiAccess access(String url, String token, Renewal.Grant grant) throws ClientException {
    int retries = settings().number(Variable.RETRY_ATTEMPTS, RETRIES_MAX);
    return new ApiAccess(url, retries, token, new Renewal(grant, new Tokens(calls()), this::keep));
  }

  /// The token holds for this run, whether it can be kept or not.
  private void keep(Tokens.Granted granted) {
    Map<Variable, String> kept = new EnumMap<>(Variable.class);
    kept.put(Variable.API_TOKEN, granted.token());
    if (!granted.refresh().isEmpty()) {
      kept.put(Variable.API_REFRESH_TOKEN, granted.refresh());
    }
    try {
      settings().file().change(kept);
    } catch (ClientException e) {
      tell("the new token is not kept: " + e.getMessage());
    }
  }

  /// The nearest that was given: of the verb before those of what it stands behind.
  private Optional<OptionSpec> matched(String name) {
    for (CommandLine at : lines()) {
      CommandLine.ParseResult parsed = at.getParseResult();
      OptionSpec option = at.getCommandSpec().findOption(name);
      if (option != null && parsed != null && parsed.hasMatchedOption(option)) {
        return Optional.of(option);
      }
    }
    return Optional.empty();
  }

  private List<CommandLine> lines() {
    List<CommandLine> lines = new ArrayList<>();
    for (@Nullable CommandLine at = line; at != null; at = at.getParent()) {
      lines.add(at);
    }
    return lines;
  }
}
