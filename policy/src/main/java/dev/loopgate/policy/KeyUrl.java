package dev.loopgate.policy;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Keys at an `http` or `https` URL. Redirects are not followed: keys come from where they were
/// configured to come from.
final class KeyUrl implements KeySource, AutoCloseable {
  private final URI url;
  private final Duration every;
  private final Duration within;
  private final HttpClient client;

  /// @param within for everything from connecting to the last byte
  KeyUrl(URI url, Duration every, Duration within) {
    this.url = url;
    this.every = every;
    this.within = within;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(within)
            .build();
  }

  @Override
  public byte[] read() throws KeysRefusedException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .timeout(within)
            .header("accept", "application/jwk-set+json, application/json")
            .build();
    CompletableFuture<HttpResponse<byte[]>> sent =
        client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), BYTES_MAX));
    try {
      HttpResponse<byte[]> response = sent.get(within.toMillis(), TimeUnit.MILLISECONDS);
      if (response.statusCode() != 200) {
        throw new KeysRefusedException(this + " answered " + response.statusCode() + ", not 200");
      }
      return response.body();
    } catch (TimeoutException e) {
      throw tooLate(e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      if (cause instanceof HttpTimeoutException) {
        throw tooLate(cause);
      }
      throw new KeysRefusedException(
          this
              + " can't be read, or is longer than "
              + (BYTES_MAX >> 10)
              + "KiB: "
              + cause.getClass().getSimpleName(),
          cause);
    } finally {
      sent.cancel(true); // when it is over already, nothing
    }
  }

  private KeysRefusedException tooLate(Throwable cause) {
    return new KeysRefusedException(
        this + " did not answer within " + within.toMillis() + "ms", cause);
  }

  @Override
  public Duration every() {
    return every;
  }

  @Override
  public boolean mayHaveChanged() {
    return true;
  }

  @Override
  public boolean goesStale() {
    return true;
  }

  @Override
  public void close() {
    client.shutdownNow();
  }

  /// Without what may be secret in it.
  @Override
  public String toString() {
    return "url=" + url.getScheme() + "://" + url.getRawAuthority() + url.getRawPath();
  }
}
