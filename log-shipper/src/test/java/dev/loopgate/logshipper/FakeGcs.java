package dev.loopgate.logshipper;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/// Google Cloud Storage's JSON interface, as far as a store needs it and no further: one bucket,
/// resumable uploads with their status queries, `ifGenerationMatch=0`, CRC32C, listing by pages.
/// What it does not know is a 400. Any thread.
final class FakeGcs implements AutoCloseable {
  static final String BUCKET = "loopgate-it";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String UPLOAD = "/upload/storage/v1/b/";
  private static final String OBJECTS = "/storage/v1/b/";
  private static final String DOWNLOADS = "/download/storage/v1/b/";

  private static final class Stored {
    private final ObjectNode resource;
    private final byte[] bytes;

    private Stored(ObjectNode resource, byte[] bytes) {
      this.resource = resource;
      this.bytes = bytes;
    }
  }

  private static final class Upload {
    private final String name;
    private final JsonNode metadata;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private @Nullable Stored done;

    private Upload(String name, JsonNode metadata) {
      this.name = name;
      this.metadata = metadata;
    }
  }

  /// What is answered instead of success.
  private static final class RefusedException extends IOException {
    private static final long serialVersionUID = 1;
    private final int status;
    private final String reason;

    private RefusedException(int status, String reason) {
      super(reason);
      this.status = status;
      this.reason = reason;
    }
  }

  private final HttpServer server;
  private final SortedMap<String, Stored> objects = new TreeMap<>(); // guarded by this
  private final Map<String, Upload> uploads = new HashMap<>(); // guarded by this

  private FakeGcs() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::answer);
    server.start();
  }

  static FakeGcs start() throws IOException {
    return new FakeGcs();
  }

  int port() {
    return server.getAddress().getPort();
  }

  synchronized void remove(String name) {
    objects.remove(name);
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = bodyOf(exchange);
      Map<String, String> query = queryOf(exchange);
      String path = exchange.getRequestURI().getRawPath();
      try {
        if (path.startsWith(UPLOAD)) {
          upload(exchange, bucketed(path, UPLOAD), query, body);
        } else if (path.startsWith(DOWNLOADS)) {
          sendMedia(exchange, find(nameIn(bucketed(path, DOWNLOADS))));
        } else if (path.startsWith(OBJECTS) && exchange.getRequestMethod().equals("GET")) {
          read(exchange, bucketed(path, OBJECTS), query);
        } else {
          throw new RefusedException(400, "unknown");
        }
      } catch (RefusedException e) {
        ObjectNode error = JSON.createObjectNode();
        ObjectNode inner = error.putObject("error");
        inner.put("code", e.status).put("message", e.reason);
        inner.putArray("errors").addObject().put("reason", e.reason).put("message", e.reason);
        send(exchange, e.status, JSON.writeValueAsBytes(error));
      }
    }
  }

  private synchronized void upload(
      HttpExchange exchange, String rest, Map<String, String> query, byte[] body)
      throws IOException {
    if (!query.getOrDefault("uploadType", "").equals("resumable")) {
      throw new RefusedException(400, "only resumable");
    }
    if (exchange.getRequestMethod().equals("POST")) {
      JsonNode metadata = JSON.readTree(body);
      String name = query.getOrDefault("name", metadata.path("name").asText());
      requireAbsent(query, name);
      String id = Integer.toString(uploads.size());
      uploads.put(id, new Upload(name, metadata));
      exchange
          .getResponseHeaders()
          .set(
              "Location",
              "http://%s%s%s?uploadType=resumable&ifGenerationMatch=%s&upload_id=%s"
                  .formatted(
                      exchange.getRequestHeaders().getFirst("Host"),
                      UPLOAD + BUCKET + "/",
                      rest,
                      query.getOrDefault("ifGenerationMatch", ""),
                      id));
      send(exchange, 200, new byte[0]);
      return;
    }
    Upload upload = uploads.get(query.getOrDefault("upload_id", ""));
    if (upload == null || !exchange.getRequestMethod().equals("PUT")) {
      throw new RefusedException(410, "upload is gone");
    }
    take(exchange, upload, query, body);
  }

  private void take(HttpExchange exchange, Upload upload, Map<String, String> query, byte[] body)
      throws IOException {
    Stored done = upload.done;
    String range = exchange.getRequestHeaders().getFirst("Content-Range");
    boolean asks = range != null && range.startsWith("bytes */");
    if (done != null) {
      send(exchange, 200, JSON.writeValueAsBytes(done.resource));
      return;
    }
    if (!asks) {
      long from =
          range == null ? 0 : Long.parseLong(range.substring("bytes ".length()).split("-", 2)[0]);
      if (from != upload.received.size()) {
        throw new RefusedException(400, "wrong offset");
      }
      upload.received.writeBytes(body);
    }
    String total = range == null ? "" + body.length : range.substring(range.indexOf('/') + 1);
    // A status query with the whole length ends an upload only when all of it is there.
    if (total.equals("*") || Long.parseLong(total) != upload.received.size()) {
      if (upload.received.size() > 0) {
        exchange.getResponseHeaders().set("Range", "bytes=0-" + (upload.received.size() - 1));
      }
      send(exchange, 308, new byte[0]);
      return;
    }
    requireAbsent(query, upload.name);
    Stored stored = stored(exchange, upload);
    upload.done = stored;
    objects.put(upload.name, stored);
    send(exchange, 200, JSON.writeValueAsBytes(stored.resource));
  }

  private Stored stored(HttpExchange exchange, Upload upload) throws IOException {
    byte[] bytes = upload.received.toByteArray();
    String crc32c =
        Base64.getEncoder()
            .encodeToString(ByteBuffer.allocate(4).putInt(Checksum.of(bytes).crc32c()).array());
    String hash = exchange.getRequestHeaders().getFirst("X-Goog-Hash");
    String planned = upload.metadata.path("crc32c").asText(crc32c);
    if (!planned.equals(crc32c) || (hash != null && !hash.contains("crc32c=" + crc32c))) {
      upload.received.reset();
      throw new RefusedException(400, "crc32c does not match");
    }
    ObjectNode resource = JSON.createObjectNode();
    resource.put("kind", "storage#object").put("bucket", BUCKET).put("name", upload.name);
    resource.put("generation", "1").put("metageneration", "1").put("size", "" + bytes.length);
    resource.put("crc32c", crc32c);
    resource.set("metadata", upload.metadata.path("metadata"));
    return new Stored(resource, bytes);
  }

  private void requireAbsent(Map<String, String> query, String name) throws IOException {
    if (!query.getOrDefault("ifGenerationMatch", "").equals("0")) {
      throw new RefusedException(400, "replaces");
    }
    if (objects.containsKey(name)) {
      throw new RefusedException(412, "conditionNotMet");
    }
  }

  private void read(HttpExchange exchange, String rest, Map<String, String> query)
      throws IOException {
    if (rest.equals("o")) {
      send(exchange, 200, JSON.writeValueAsBytes(page(query)));
      return;
    }
    Stored stored = find(nameIn(rest));
    if (query.getOrDefault("alt", "json").equals("media")) {
      sendMedia(exchange, stored);
    } else {
      send(exchange, 200, JSON.writeValueAsBytes(stored.resource));
    }
  }

  private synchronized ObjectNode page(Map<String, String> query) {
    String prefix = query.getOrDefault("prefix", "");
    int max = Integer.parseInt(query.getOrDefault("maxResults", "1000"));
    ObjectNode page = JSON.createObjectNode().put("kind", "storage#objects");
    ArrayNode items = page.putArray("items");
    for (String name : objects.tailMap(query.getOrDefault("pageToken", "")).keySet()) {
      if (name.startsWith(prefix)) {
        if (items.size() == max) {
          page.put("nextPageToken", name);
          break;
        }
        items.addObject().put("name", name).put("bucket", BUCKET);
      }
    }
    return page;
  }

  private synchronized Stored find(String name) throws IOException {
    Stored stored = objects.get(name);
    if (stored == null) {
      throw new RefusedException(404, "notFound");
    }
    return stored;
  }

  private static void sendMedia(HttpExchange exchange, Stored stored) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    byte[] bytes = stored.bytes;
    if (range == null) {
      send(exchange, 200, bytes);
      return;
    }
    String[] ends = range.substring("bytes=".length()).split("-", -1);
    int from = Integer.parseInt(ends[0]);
    if (from >= bytes.length) {
      throw new RefusedException(416, "requestedRangeNotSatisfiable");
    }
    int to =
        ends[1].isEmpty()
            ? bytes.length
            : (int) Math.min(bytes.length, Long.parseLong(ends[1]) + 1);
    exchange
        .getResponseHeaders()
        .set("Content-Range", "bytes %d-%d/%d".formatted(from, to - 1, bytes.length));
    send(exchange, 206, Arrays.copyOfRange(bytes, from, to));
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  private static String bucketed(String path, String base) throws IOException {
    String rest = path.substring(base.length());
    if (!rest.startsWith(BUCKET + '/')) {
      throw new RefusedException(404, "the bucket does not exist");
    }
    return rest.substring(BUCKET.length() + 1);
  }

  private static String nameIn(String rest) {
    return URLDecoder.decode(rest.substring("o/".length()).replace("+", "%2B"), UTF_8);
  }

  private static byte[] bodyOf(HttpExchange exchange) throws IOException {
    try (InputStream in = exchange.getRequestBody()) {
      boolean packed = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
      return packed ? new GZIPInputStream(in).readAllBytes() : in.readAllBytes();
    }
  }

  private static Map<String, String> queryOf(HttpExchange exchange) {
    Map<String, String> query = new HashMap<>();
    String raw = exchange.getRequestURI().getRawQuery();
    for (String pair : raw == null ? new String[0] : raw.split("&", -1)) {
      String[] parts = pair.split("=", 2);
      query.put(parts[0], parts.length == 1 ? "" : URLDecoder.decode(parts[1], UTF_8));
    }
    return query;
  }
}
