package dev.loopgate.runtime;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.ServerTrust;
import dev.loopgate.fleet.Upstream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/// The questions that each kind of model server understands (contract section 9). Each waits for at
/// most the timeout and reads at most [#ANSWER_BYTES_MAX] bytes. Confined to the probe's thread.
final class ModelQuestions implements AutoCloseable {
  /// What the model calls itself.
  ///
  /// @param name not empty
  /// @param version empty when it has none
  record Identity(String name, String version) {}

  /// What a server says of itself.
  ///
  /// @param identity empty when it has no model yet
  /// @param document the description of its API, as it came; null when it has none
  record Described(Optional<Identity> identity, @Nullable String document) {}

  /// Longer answers are refused: an `info` with examples has a few KiB.
  static final long ANSWER_BYTES_MAX = 1 << 20;

  // They become response headers and parts of paths.
  private static final int NAME_LENGTH_MAX = 256;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final Model model;
  private final Duration timeout;
  private final HttpClient http;
  private Replica replica;

  /// @throws IOException when the model's authorities can't be used; the message names them
  ModelQuestions(Model model, Duration timeout) throws IOException {
    this.model = model;
    this.timeout = timeout;
    this.replica = model.replica();
    this.http =
        HttpClient.newBuilder()
            .version(
                model.upstream().isHttp2()
                    ? HttpClient.Version.HTTP_2
                    : HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(timeout)
            .sslContext(sslContext(model.upstream().trust()))
            .build();
  }

  /// Whether the server understands any of the questions: not in gRPC, not in HTTP/2 without TLS,
  /// and not over TLS where it is called by another name or asks for a certificate.
  boolean canAsk() {
    Upstream upstream = model.upstream();
    ServerTrust trust = upstream.trust();
    return model.predictor().readyPath() != null
        && !upstream.grpc()
        && upstream.protocol() != Protocol.H2C
        && trust.serverName() == null
        && trust.certificate() == null;
  }

  private static SSLContext sslContext(ServerTrust trust) throws IOException {
    String ca = trust.ca();
    try {
      if (ca == null) {
        return SSLContext.getDefault();
      }
      KeyStore anchors = KeyStore.getInstance(KeyStore.getDefaultType());
      anchors.load(null, null);
      try (InputStream in = Files.newInputStream(Path.of(ca))) {
        for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
          anchors.setCertificateEntry("ca-" + anchors.size(), each);
        }
      }
      TrustManagerFactory managers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(anchors);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IOException("the authorities in " + ca + " can't be used", e);
    }
  }

  /// The server that is asked from now on.
  void turnTo(Replica next) {
    replica = next;
  }

  /// Returns when the server says that it is ready.
  ///
  /// @throws IOException when it does not; the message says how
  void ready() throws IOException, InterruptedException {
    body(get(Objects.requireNonNull(model.predictor().readyPath()))); // whom we can ask has one
  }

  /// What the model calls itself; empty when the server has no model yet.
  ///
  /// @throws IOException when the server does not answer as its protocol says; the message says how
  Optional<Identity> identity() throws IOException, InterruptedException {
    return describe().identity();
  }

  /// What the server says of itself.
  ///
  /// @throws IOException as [#identity]
  Described describe() throws IOException, InterruptedException {
    return switch (model.predictor()) {
      case NONE -> new Described(Optional.empty(), null);
      case ODAHU_ML_SERVER -> {
        HttpResponse<byte[]> answer = answer(get("/api/model/info"));
        JsonNode info = json(answer).path("info");
        yield new Described(
            identity(info.path("title"), info.path("version")), text(answer.body()));
      }
      case TRITON, OPEN_INFERENCE -> new Described(ofOpenInference(), null);
    };
  }

  private Optional<Identity> ofOpenInference() throws IOException, InterruptedException {
    HttpResponse<byte[]> index =
        answer(
            request("/v2/repository/index")
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build());
    if (index.statusCode() == 200) {
      JsonNode first = json(index).path(0);
      return identity(first.path("name"), first.path("version"));
    }
    String known = model.name() == null ? model.id() : model.name();
    String segment = URLEncoder.encode(known, StandardCharsets.UTF_8).replace("+", "%20");
    JsonNode one = json(get("/v2/models/" + segment));
    JsonNode versions = one.path("versions");
    return identity(one.path("name"), versions.path(versions.size() - 1));
  }

  @Override
  public void close() {
    http.shutdownNow();
  }

  private Optional<Identity> identity(JsonNode name, JsonNode version) throws IOException {
    String nameText = checked("name", name.asText(""));
    String versionText = checked("version", version.asText(""));
    return nameText.isEmpty() ? Optional.empty() : Optional.of(new Identity(nameText, versionText));
  }

  private static String checked(String field, String text) throws IOException {
    if (text.length() > NAME_LENGTH_MAX
        || text.chars().anyMatch(Character::isISOControl)
        || text.codePoints().anyMatch(c -> Character.getType(c) == Character.SURROGATE)) {
      throw new IOException(
          field
              + " of the model: length="
              + text.length()
              + ", allowed=at most "
              + NAME_LENGTH_MAX
              + " characters, none a control character");
    }
    return text.isBlank() ? "" : text;
  }

  private HttpRequest get(String path) {
    return request(path).GET().build();
  }

  private HttpRequest.Builder request(String path) {
    String base = replica.scheme() + "://" + replica.authority() + replica.basePath();
    return HttpRequest.newBuilder(URI.create(base + path))
        .timeout(timeout)
        .header("accept", "application/json");
  }

  private JsonNode json(HttpRequest request) throws IOException, InterruptedException {
    return json(answer(request));
  }

  private JsonNode json(HttpResponse<byte[]> response) throws IOException {
    String path = response.uri().getPath();
    try {
      JsonNode read = JSON.readTree(text(body(response)));
      if (read.isMissingNode()) {
        throw new IOException(path + ": the answer is empty");
      }
      return read;
    } catch (JsonProcessingException | CharacterCodingException e) {
      throw new IOException(path + ": the answer is not JSON", e);
    }
  }

  private static String text(byte[] body) throws IOException {
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
  }

  private void body(HttpRequest request) throws IOException, InterruptedException {
    body(answer(request));
  }

  private static byte[] body(HttpResponse<byte[]> response) throws IOException {
    if (response.statusCode() / 100 != 2) {
      throw new IOException(response.uri().getPath() + ": status=" + response.statusCode());
    }
    return response.body();
  }

  /// The client's own timeout ends with the head; the body is waited for no longer.
  private HttpResponse<byte[]> answer(HttpRequest request)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<byte[]>> answer =
        http.sendAsync(
            request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), ANSWER_BYTES_MAX));
    String path = request.uri().getPath();
    try {
      return answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new IOException(path + ": no whole answer within " + timeout, e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      String said = cause.getMessage() == null ? cause.getClass().getName() : cause.getMessage();
      throw new IOException(path + ": " + said, e);
    } finally {
      answer.cancel(true); // whatever still runs, on each way out
    }
  }
}
