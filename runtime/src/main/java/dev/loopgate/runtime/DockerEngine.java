package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.loopgate.fleet.Shown;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The calls of a Docker Engine that this room needs, over its unix socket. Each has a deadline and
/// reads a bounded answer. Any thread that may wait.
final class DockerEngine {
  /// A container as a list shows it.
  ///
  /// @param id hexadecimal digits
  /// @param isRunning whether there is something to be ended
  record Listed(String id, boolean isRunning) {}

  /// What became of a container.
  ///
  /// @param isOutOfMemory whether the kernel ended it for that
  record Seen(boolean isRunning, int exitCode, boolean isOutOfMemory) {}

  private static final Path SOCKET = Path.of("/var/run/docker.sock");
  private static final String UNIX = "unix://";

  // Engines from 29 on refuse what is below 1.44, Debian's speaks 1.41; all that is asked here has
  // been there since 1.40 and is the same in 1.47.
  private static final int MINOR_MIN = 40;
  private static final int MINOR_MAX = 47;

  /// Whether it is there is to be known soon: somebody waits for a model.
  static final Duration PING = Duration.ofMillis(1500);

  private static final Duration CALL = Duration.ofSeconds(30);
  private static final Duration STOP_MORE = Duration.ofSeconds(10); // beyond the grace
  private static final Duration PULL_SILENT = Duration.ofMinutes(10); // a large layer is unpacked
  private static final int ANSWER_BYTES_MAX = 4 << 20;
  private static final int PROGRESS_BYTES_MAX = 64 << 10;

  private static final Pattern VERSION = Pattern.compile("1\\.([0-9]{1,4})");
  private static final Pattern ID = Pattern.compile("[0-9a-f]{12,64}");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final @Nullable Path socket;
  private final String address; // as it was given
  private volatile @Nullable String version; // of the API, once it was told

  private DockerEngine(@Nullable Path socket, String address) {
    this.socket = socket;
    this.address = address;
  }

  /// The one that `DOCKER_HOST` names, or that of this machine.
  static DockerEngine of(Map<String, String> environment) {
    String host = environment.getOrDefault("DOCKER_HOST", "");
    try {
      if (host.isEmpty()) {
        return new DockerEngine(SOCKET, "");
      }
      if (host.startsWith(UNIX) && Path.of(host.substring(UNIX.length())).isAbsolute()) {
        return new DockerEngine(Path.of(host.substring(UNIX.length())), host);
      }
    } catch (InvalidPathException _) {
      // as said below, when it is asked for something
    }
    return new DockerEngine(null, host);
  }

  /// Returns when it says that it is there, and which version of the API it is asked in from now
  /// on.
  ///
  /// @throws EngineException when it is not, or none that can be spoken with; the message names the
  ///   socket
  void ping() throws IOException {
    try (EngineCall call = new EngineCall(socket())) {
      call.within(PING);
      int status = call.ask("GET", "/_ping", Map.of(), new byte[0]);
      if (status != 200) {
        throw refusal(status, call.whole(status, ANSWER_BYTES_MAX));
      }
      String theirs = call.header("api-version");
      Matcher minor = VERSION.matcher(theirs);
      if (!minor.matches() || Integer.parseInt(minor.group(1)) < MINOR_MIN) {
        throw new EngineException(
            "Docker at "
                + Shown.of(socket().toString())
                + " is too old or none: API version="
                + Shown.of(theirs)
                + ", allowed=1."
                + MINOR_MIN
                + " or newer");
      }
      version = "1." + Math.min(Integer.parseInt(minor.group(1)), MINOR_MAX);
    }
  }

  /// Whether the image is there.
  boolean hasImage(ImageReference image) throws IOException {
    try {
      var _ = get("/images/" + image + "/json");
      return true;
    } catch (EngineException e) {
      if (e.isNotFound()) {
        return false;
      }
      throw e;
    }
  }

  /// Pulls the image.
  ///
  /// @param login what [RegistryLogin] says; null for no name
  /// @param atEnding given what ends it before its time
  /// @throws EngineException when it can't be pulled; the message is the registry's. It may take as
  ///   long as it shows progress
  void pull(ImageReference image, @Nullable String login, Consumer<Runnable> atEnding)
      throws IOException {
    String path =
        "/images/create?fromImage=" + encoded(image.name()) + "&tag=" + encoded(image.version());
    Map<String, String> headers = login == null ? Map.of() : Map.of(RegistryLogin.HEADER, login);
    try (EngineCall call = new EngineCall(socket())) {
      atEnding.accept(call::close);
      call.within(PULL_SILENT);
      int status = call.ask("POST", path(path), headers, new byte[0]);
      if (status != 200) {
        throw refusal(status, call.whole(status, ANSWER_BYTES_MAX));
      }
      InputStream progress = call.body(status);
      for (Optional<String> line = line(progress); line.isPresent(); line = line(progress)) {
        call.within(PULL_SILENT);
        String failure = failure(line.get());
        if (!failure.isEmpty()) {
          throw new EngineException(500, Shown.of(failure));
        }
      }
    }
  }

  private static String failure(String progress) {
    if (progress.isBlank()) {
      return "";
    }
    try {
      JsonNode step = JSON.readTree(progress);
      return step.path("errorDetail").path("message").asText(step.path("error").asText(""));
    } catch (JsonProcessingException _) {
      return "its progress is no JSON";
    }
  }

  private static Optional<String> line(InputStream from) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int next = from.read();
    for (; next >= 0 && next != '\n'; next = from.read()) {
      if (line.size() == PROGRESS_BYTES_MAX) {
        throw new EngineException("its progress has a line of more than " + line.size() + " bytes");
      }
      line.write(next);
    }
    return next < 0 && line.size() == 0 ? Optional.empty() : Optional.of(line.toString(UTF_8));
  }

  /// Makes a container, and returns its id.
  String create(String name, ObjectNode container) throws IOException {
    String id =
        answer("POST", "/containers/create?name=" + encoded(name), container, CALL)
            .path("Id")
            .asText("");
    if (!ID.matcher(id).matches()) { // it becomes a path
      throw new EngineException("Docker made a container without an id");
    }
    return id;
  }

  void start(String id) throws IOException {
    answer("POST", "/containers/" + id + "/start", null, CALL);
  }

  Seen inspect(String id) throws IOException {
    JsonNode state = get("/containers/" + id + "/json").path("State");
    if (!state.path("Running").isBoolean()) {
      throw new EngineException("Docker says nothing of a container's state");
    }
    return new Seen(
        state.path("Running").booleanValue(),
        state.path("ExitCode").asInt(),
        state.path("OOMKilled").asBoolean());
  }

  /// Returns when the container does not run any more, or the Engine does not; whoever closes the
  /// call ends it.
  void awaitExit(EngineCall call, String id) throws IOException {
    String path = path("/containers/" + id + "/wait?condition=not-running");
    int status = call.ask("POST", path, Map.of(), new byte[0]); // as long as it runs
    call.whole(status, ANSWER_BYTES_MAX); // whatever it says, the container is looked at
  }

  /// What the container has printed and prints, as [FramedLog] reads it, until it ends.
  ///
  /// @param since from then on, seconds and their parts since 1970; 0 for all of it
  InputStream log(EngineCall call, String id, String since) throws IOException {
    String path = "/containers/" + id + "/logs?follow=1&stdout=1&stderr=1&timestamps=1&since=";
    call.within(CALL);
    int status = call.ask("GET", path(path + since), Map.of(), new byte[0]);
    if (status != 200) {
      throw refusal(status, call.whole(status, ANSWER_BYTES_MAX));
    }
    call.unbounded();
    return call.body(status);
  }

  /// A call for [#awaitExit] or [#log].
  EngineCall open() throws IOException {
    return new EngineCall(socket());
  }

  /// Asks the container to end, kills it after `grace`, and returns when it has ended.
  void stop(String id, Duration grace) throws IOException {
    long seconds = grace.plusMillis(999).toSeconds();
    String path = "/containers/" + id + "/stop?t=" + seconds;
    answer("POST", path, null, grace.plus(STOP_MORE));
  }

  void kill(String id) throws IOException {
    answer("POST", "/containers/" + id + "/kill", null, CALL);
  }

  /// Removes the container, and kills it where it runs. One that goes or is gone is no failure.
  void remove(String id) throws IOException {
    try {
      answer("DELETE", "/containers/" + id + "?force=1&v=1", null, CALL);
    } catch (EngineException e) {
      if (!e.isNotFound() && e.status() != 409) {
        throw e;
      }
    }
  }

  /// All containers with this label.
  List<Listed> labelled(String label, String value) throws IOException {
    ObjectNode filters = JSON.createObjectNode();
    filters.putArray("label").add(label + "=" + value);
    List<Listed> found = new ArrayList<>();
    for (JsonNode each : get("/containers/json?all=1&filters=" + encoded(filters.toString()))) {
      String id = each.path("Id").asText("");
      boolean isLabelled = each.path("Labels").path(label).asText("").equals(value);
      if (isLabelled && ID.matcher(id).matches()) { // nobody else's, whatever was answered
        found.add(
            new Listed(id, each.path("State").asText("").matches("running|paused|restarting")));
      }
    }
    return found;
  }

  private JsonNode get(String path) throws IOException {
    return answer("GET", path, null, CALL);
  }

  private JsonNode answer(String method, String path, @Nullable ObjectNode body, Duration within)
      throws IOException {
    try (EngineCall call = new EngineCall(socket())) {
      call.within(within);
      Map<String, String> headers =
          body == null ? Map.of() : Map.of("Content-Type", "application/json");
      byte[] sent = body == null ? new byte[0] : body.toString().getBytes(UTF_8);
      int status = call.ask(method, path(path), headers, sent);
      byte[] read = call.whole(status, ANSWER_BYTES_MAX);
      if (status / 100 != 2 && status != 304) { // it was so before
        version = status == 400 ? null : version; // an Engine that was renewed may know others
        throw refusal(status, read);
      }
      return read.length == 0 ? JSON.missingNode() : JSON.readTree(read);
    } catch (JsonProcessingException e) {
      throw new EngineException("Docker's answer is no JSON", e);
    }
  }

  private static EngineException refusal(int status, byte[] body) {
    String said;
    try {
      said = JSON.readTree(body).path("message").asText("");
    } catch (IOException _) {
      said = ""; // some refusals are plain text
    }
    String words = said.isEmpty() ? new String(body, UTF_8) : said;
    return new EngineException(status, words.isBlank() ? "status=" + status : Shown.of(words));
  }

  /// In the version that was last agreed upon.
  private String path(String path) throws IOException {
    if (version == null) {
      ping();
    }
    return "/v" + version + path;
  }

  private Path socket() throws EngineException {
    if (socket == null) {
      throw new EngineException(
          "DOCKER_HOST: value=" + Shown.of(address) + ", allowed=unix:///<path of a socket>");
    }
    return socket;
  }

  private static String encoded(String value) {
    return URLEncoder.encode(value, UTF_8);
  }
}
