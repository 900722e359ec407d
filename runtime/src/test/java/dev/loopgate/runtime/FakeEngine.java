package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.URLDecoder;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// As much of a Docker Engine as a host of models sees of it, over a unix socket: it refuses what
/// the real one refuses, in its words, and more: what is unknown to it is a 400 and noted in
/// [#complaints]. Its containers are [FakeContainer]s. Any thread.
final class FakeEngine implements AutoCloseable {
  /// What a registry has.
  ///
  /// @param behaviour of its containers
  /// @param login who may pull it; empty for everybody
  record Remote(FakeContainer.Behaviour behaviour, String login) {}

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern VERSIONED = Pattern.compile("/v1\\.([0-9]+)(/.*)");
  private static final Set<String> CREATED =
      Set.of("Image", "Env", "Labels", "ExposedPorts", "HostConfig");
  private static final Set<String> HOSTED =
      Set.of(
          "PortBindings",
          "RestartPolicy",
          "SecurityOpt",
          "LogConfig",
          "Memory",
          "MemorySwap",
          "NanoCpus",
          "DeviceRequests");

  /// By `name:tag`.
  final Map<String, FakeContainer.Behaviour> images = new ConcurrentHashMap<>();

  final Map<String, Remote> registry = new ConcurrentHashMap<>();
  final Map<String, FakeContainer> containers = new ConcurrentHashMap<>();

  /// Each request, without the version: `POST /containers/create?name=a`.
  final List<String> asked = new CopyOnWriteArrayList<>();

  final List<String> complaints = new CopyOnWriteArrayList<>();

  /// What is answered in place of everything, as it is; null for what is true.
  volatile byte @Nullable [] raw;

  /// Nothing is answered until it is open.
  volatile CountDownLatch frozen = new CountDownLatch(0);

  volatile int minorMin = 12;
  volatile int minorMax = 41;

  private final Path socket;
  private final Set<SocketChannel> connections = ConcurrentHashMap.newKeySet();
  private volatile @Nullable ServerSocketChannel door;
  private int ids; // guarded by this

  private record Request(
      String method,
      String path,
      Map<String, String> query,
      Map<String, String> headers,
      String body) {}

  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;
    private final int status;

    Refused(int status, String message) {
      super(message);
      this.status = status;
    }
  }

  /// Nobody who knows an Engine asks so.
  private Refused wrong(String message) {
    complaints.add(message);
    return new Refused(400, message);
  }

  FakeEngine(Path socket) throws IOException {
    this.socket = socket;
    open();
  }

  Map<String, String> environment() {
    return Map.of("DOCKER_HOST", "unix://" + socket);
  }

  /// The daemon is there, again.
  void open() throws IOException {
    Files.deleteIfExists(socket);
    ServerSocketChannel opened = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    opened.bind(UnixDomainSocketAddress.of(socket));
    door = opened;
    Thread.ofVirtual().start(() -> accept(opened));
  }

  /// The daemon is gone, and nobody answers.
  void shut() throws IOException {
    ServerSocketChannel opened = door;
    if (opened != null) {
      opened.close();
    }
    Files.deleteIfExists(socket);
    for (SocketChannel each : connections) {
      each.close();
    }
  }

  @Override
  public void close() throws IOException {
    frozen.countDown();
    shut();
    containers.values().forEach(FakeContainer::kill);
  }

  /// The only container that runs the image.
  FakeContainer only() {
    return containers.values().iterator().next();
  }

  long count(String prefix) {
    return asked.stream().filter(each -> each.startsWith(prefix)).count();
  }

  private void accept(ServerSocketChannel opened) {
    try {
      while (true) {
        SocketChannel one = opened.accept();
        connections.add(one);
        Thread.ofVirtual().start(() -> serve(one));
      }
    } catch (IOException _) {
      // it was shut
    }
  }

  private void serve(SocketChannel one) {
    try (one) {
      Request request = read(Channels.newInputStream(one));
      OutputStream out = Channels.newOutputStream(one);
      asked.add(request.method() + " " + request.path());
      frozen.await();
      byte[] instead = raw;
      if (instead != null) {
        out.write(instead);
      } else {
        answer(request, out);
      }
    } catch (IOException | InterruptedException _) {
      // whoever asked is gone
    } finally {
      connections.remove(one);
    }
  }

  private void answer(Request request, OutputStream out) throws IOException, InterruptedException {
    try {
      if (request.path().equals("/_ping")) {
        write(out, 200, "Api-Version: 1." + minorMax + "\r\n", "OK");
        return;
      }
      Matcher versioned = VERSIONED.matcher(request.path());
      if (!versioned.matches()) {
        throw wrong("no version in " + request.path());
      }
      int minor = Integer.parseInt(versioned.group(1));
      if (minor > minorMax) {
        String most = "Maximum supported API version is 1." + minorMax;
        throw new Refused(400, "client version 1." + minor + " is too new. " + most);
      }
      if (minor < minorMin) {
        String least =
            "client version 1." + minor + " is too old. Minimum supported API version is 1.";
        write(out, 400, "", least + minorMin); // plain text, as the real one
        return;
      }
      route(request, versioned.group(2), out);
    } catch (Refused e) {
      ObjectNode body = JSON.createObjectNode().put("message", e.getMessage());
      write(out, e.status, "Content-Type: application/json\r\n", body.toString());
    }
  }

  private void route(Request request, String path, OutputStream out)
      throws IOException, Refused, InterruptedException {
    String[] parts = path.split("/", -1);
    if (path.startsWith("/images/") && path.endsWith("/json")) {
      String image = path.substring("/images/".length(), path.length() - "/json".length());
      if (!images.containsKey(image)) {
        throw new Refused(404, "No such image: " + image);
      }
      write(out, 200, "", "{\"Id\":\"sha256:1\"}");
    } else if (path.equals("/images/create")) {
      pull(request, out);
    } else if (path.equals("/containers/json")) {
      list(request, out);
    } else if (path.equals("/containers/create")) {
      create(request, out);
    } else if (parts.length >= 3 && parts[1].equals("containers")) {
      contain(request, parts[2], parts.length > 3 ? parts[3] : "", out);
    } else {
      throw wrong("page not found: " + path);
    }
  }

  private void pull(Request request, OutputStream out) throws IOException, Refused {
    String name = request.query().get("fromImage");
    String tag = request.query().getOrDefault("tag", "");
    if (name == null || tag.isEmpty()) {
      throw wrong("all tags would be pulled");
    }
    Remote remote = registry.get(name + ":" + tag);
    if (remote == null) {
      String denied = "pull access denied for " + name + ", repository does not exist";
      throw new Refused(404, denied);
    }
    StringBuilder progress = new StringBuilder("{\"status\":\"Pulling from " + name + "\"}\r\n");
    if (remote.login().isEmpty() || remote.login().equals(login(request))) {
      images.put(name + ":" + tag, remote.behaviour());
      progress.append("{\"status\":\"Status: Downloaded newer image\"}\r\n");
    } else {
      String denied = "unauthorized: authentication required";
      progress.append(
          "{\"errorDetail\":{\"message\":\"" + denied + "\"},\"error\":\"" + denied + "\"}\r\n");
    }
    out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".getBytes(UTF_8));
    for (String line : progress.toString().split("(?<=\n)", 0)) {
      chunk(out, line.substring(0, 5).getBytes(UTF_8));
      chunk(out, line.substring(5).getBytes(UTF_8));
    }
    chunk(out, new byte[0]);
  }

  private String login(Request request) throws Refused, IOException {
    String header = request.headers().getOrDefault("x-registry-auth", "");
    if (header.isEmpty()) {
      return "";
    }
    if (header.length() % 4 != 0) {
      throw wrong("X-Registry-Auth without padding");
    }
    JsonNode login = JSON.readTree(Base64.getUrlDecoder().decode(header));
    return login.path("username").asText()
        + ":"
        + login.path("password").asText()
        + "@"
        + login.path("serveraddress").asText();
  }

  private void list(Request request, OutputStream out) throws IOException, Refused {
    JsonNode filters = JSON.readTree(request.query().getOrDefault("filters", ""));
    String label = filters.path("label").path(0).asText("");
    if (!"1".equals(request.query().get("all")) || label.isEmpty()) {
      throw wrong("a list of all that runs of everybody");
    }
    ArrayNode list = JSON.createArrayNode();
    for (FakeContainer each : containers.values()) {
      int equals = label.indexOf('=');
      if (label.substring(equals + 1).equals(each.label(label.substring(0, equals)))) {
        ObjectNode one = list.addObject().put("Id", each.id()).put("State", each.state());
        one.set("Labels", each.made().path("Labels"));
      }
    }
    write(out, 200, "", list.toString());
  }

  private synchronized void create(Request request, OutputStream out) throws IOException, Refused {
    JsonNode made = JSON.readTree(request.body());
    known(made, CREATED);
    known(made.path("HostConfig"), HOSTED);
    String name = request.query().getOrDefault("name", "");
    if (!name.matches("[a-zA-Z0-9][a-zA-Z0-9_.-]+")) {
      throw wrong("Invalid container name (" + name + ")");
    }
    if (!"application/json".equals(request.headers().get("content-type"))) {
      throw wrong("Content-Type specified must be 'application/json'");
    }
    for (FakeContainer each : containers.values()) {
      if (each.name().equals(name)) {
        String used = "is already in use by container \"" + each.id() + "\"";
        throw new Refused(409, "Conflict. The container name \"/" + name + "\" " + used);
      }
    }
    FakeContainer.Behaviour behaviour = images.get(made.path("Image").asText());
    if (behaviour == null) {
      throw new Refused(404, "No such image: " + made.path("Image").asText());
    }
    if (made.path("HostConfig").path("NanoCpus").asLong() > 2_000_000_000L) {
      String only = "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available";
      throw new Refused(400, only);
    }
    String id = String.format(Locale.ROOT, "%064x", ++ids);
    containers.put(id, new FakeContainer(id, name, behaviour, made));
    write(out, 201, "", "{\"Id\":\"" + id + "\",\"Warnings\":[]}");
  }

  private void known(JsonNode object, Set<String> names) throws Refused {
    List<String> unknown = new ArrayList<>();
    object
        .fieldNames()
        .forEachRemaining(name -> {
          if (!names.contains(name)) {
            unknown.add(name);
          }
        });
    if (!unknown.isEmpty()) {
      throw wrong("unknown fields " + unknown);
    }
  }

  private void contain(Request request, String id, String what, OutputStream out)
      throws IOException, Refused, InterruptedException {
    FakeContainer one = containers.get(id);
    if (one == null) {
      throw new Refused(404, "No such container: " + id);
    }
    switch (request.method() + " " + what) {
      case "DELETE " -> {
        if (one.isRunning() && !"1".equals(request.query().get("force"))) {
          throw new Refused(409, "You cannot remove a running container " + id);
        }
        one.kill();
        containers.remove(id);
        write(out, 204, "", "");
      }
      case "GET json" -> write(out, 200, "", one.inspected());
      case "GET logs" -> one.logs(out, request.query());
      case "POST kill" -> {
        if (!one.isRunning()) {
          throw new Refused(409, "Cannot kill container: " + id + " is not running");
        }
        one.kill();
        write(out, 204, "", "");
      }
      case "POST start" -> {
        if (one.made().path("HostConfig").has("DeviceRequests")) {
          throw new Refused(500, "could not select device driver \"\" with capabilities: [[gpu]]");
        }
        write(out, one.start() ? 204 : 304, "", "");
      }
      case "POST stop" -> write(out, one.stop(request.query().get("t")) ? 204 : 304, "", "");
      case "POST wait" -> {
        int code = one.await();
        write(out, 200, "", "{\"Error\":null,\"StatusCode\":" + code + "}");
      }
      default -> throw wrong("page not found: " + what);
    }
  }

  private static void write(OutputStream out, int status, String headers, String body)
      throws IOException {
    String length =
        status == 204 || status == 304 ? "" : "Content-Length: " + body.length() + "\r\n";
    String head = "HTTP/1.1 " + status + " As told\r\n" + headers + length + "\r\n";
    out.write((head + body).getBytes(UTF_8));
  }

  /// None ends the body.
  static void chunk(OutputStream out, byte[] bytes) throws IOException {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.write((Integer.toHexString(bytes.length) + "\r\n").getBytes(UTF_8));
    whole.write(bytes);
    whole.write("\r\n".getBytes(UTF_8));
    out.write(whole.toByteArray());
  }

  private static Request read(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("no request");
      }
      head.append((char) next);
    }
    String[] lines = head.toString().split("\r\n", 0);
    Map<String, String> headers = new HashMap<>();
    for (String line : List.of(lines).subList(1, lines.length)) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    String body = new String(in.readNBytes(length), UTF_8);
    String[] words = lines[0].split(" ", -1);
    URI uri = URI.create(words[1]);
    Map<String, String> query = new HashMap<>();
    if (uri.getRawQuery() != null) {
      for (String each : uri.getRawQuery().split("&", -1)) {
        int equals = each.indexOf('=');
        query.put(
            each.substring(0, equals), URLDecoder.decode(each.substring(equals + 1), ISO_8859_1));
      }
    }
    return new Request(words[0], uri.getRawPath(), query, headers, body);
  }
}
