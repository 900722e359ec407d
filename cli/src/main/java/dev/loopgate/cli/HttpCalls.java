package dev.loopgate.cli;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/// Asks servers over HTTP: each answer whole, bounded in bytes and time. No redirect is followed,
/// or a token would go along.
final class HttpCalls implements AutoCloseable {
  /// A longer answer is refused.
  static final int ANSWER_BYTES_MAX = 32 << 20;

  private static final Duration CONNECT_WITHIN = Duration.ofSeconds(5);

  private @Nullable HttpClient plain; // made when it is needed, as the other
  private @Nullable HttpClient secure;

  /// A question.
  ///
  /// @param body what is sent, empty for nothing
  record Ask(
      String method, String url, Map<String, String> headers, String body, Duration timeout) {
    Ask {
      headers = Map.copyOf(headers);
    }
  }

  /// An answer.
  ///
  /// @param headers the first value of each, names in lower case
  record Answer(int status, Map<String, String> headers, String body) {
    Answer {
      headers = Map.copyOf(headers);
    }

    boolean isWell() {
      return status / 100 == 2;
    }
  }

  /// Asks once.
  ///
  /// @throws ClientException when there is no answer; it says `Can not reach` and `shown`
  Answer ask(Ask ask, String shown) throws ClientException, InterruptedException {
    HttpRequest request = request(ask);
    CompletableFuture<HttpResponse<byte[]>> answer =
        client(request.uri())
            .sendAsync(
                request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), ANSWER_BYTES_MAX));
    try {
      HttpResponse<byte[]> response =
          answer.get(ask.timeout().toMillis() + CONNECT_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
      return new Answer(
          response.statusCode(),
          firsts(response),
          new String(response.body(), StandardCharsets.UTF_8));
    } catch (TimeoutException _) {
      throw timedOut(ask, shown);
    } catch (ExecutionException e) {
      throw failed(e.getCause() == null ? e : e.getCause(), ask, shown);
    } finally {
      answer.cancel(true);
    }
  }

  @Override
  public void close() {
    for (@Nullable HttpClient each : Arrays.asList(plain, secure)) {
      if (each != null) {
        each.shutdownNow();
      }
    }
  }

  /// The certificates of this machine are read only for who needs them: it takes a while.
  private HttpClient client(URI url) {
    if ("https".equalsIgnoreCase(url.getScheme())) {
      HttpClient made = secure == null ? builder().build() : secure;
      secure = made;
      return made;
    }
    HttpClient made = plain == null ? builder().sslContext(trustingNobody()).build() : plain;
    plain = made;
    return made;
  }

  private static HttpClient.Builder builder() {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(CONNECT_WITHIN)
        .followRedirects(HttpClient.Redirect.NEVER);
  }

  private static SSLContext trustingNobody() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[0], new TrustManager[0], null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }

  private static HttpRequest request(Ask ask) throws ClientException {
    try {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create(ask.url()))
              .timeout(ask.timeout())
              .method(
                  ask.method(),
                  ask.body().isEmpty()
                      ? HttpRequest.BodyPublishers.noBody()
                      : HttpRequest.BodyPublishers.ofString(ask.body()));
      ask.headers().forEach(request::header);
      return request.build();
    } catch (IllegalArgumentException _) { // its message may hold a token
      throw new ClientException(
          "\""
              + PrintableText.line(ask.url(), 300)
              + "\" can not be asked: it is no URL, or a token or an id has characters that no header can"
              + " have");
    }
  }

  private static Map<String, String> firsts(HttpResponse<?> response) {
    return response.headers().map().entrySet().stream()
        .collect(
            Collectors.toMap(
                header -> header.getKey().toLowerCase(Locale.ROOT),
                header -> header.getValue().getFirst(),
                (first, _) -> first));
  }

  private static ClientException failed(Throwable cause, Ask ask, String shown) {
    return switch (cause) {
      case HttpConnectTimeoutException _ -> ClientException.unsent("Can not reach " + shown);
      case ConnectException _ -> ClientException.unsent("Can not reach " + shown);
      case HttpTimeoutException _ -> timedOut(ask, shown);
      case IOException e ->
          new ClientException(
              "Can not reach "
                  + shown
                  + ": the connection broke: "
                  + PrintableText.line(String.valueOf(e.getMessage()), 300));
      default -> new ClientException("Can not reach " + shown + ": " + cause);
    };
  }

  private static ClientException timedOut(Ask ask, String shown) {
    return new ClientException(
        "Can not reach " + shown + ": no answer within " + ask.timeout().toSeconds() + " s");
  }
}
