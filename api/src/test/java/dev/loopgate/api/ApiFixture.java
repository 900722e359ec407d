package dev.loopgate.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.loopgate.capture.Header;
import dev.loopgate.fleet.Changes.Ref;
import dev.loopgate.fleet.HostKeys;
import dev.loopgate.fleet.StoreException;
import dev.loopgate.testkit.MemoryDeclaredStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/// A door over a store in memory, whose clock goes a millisecond a look. Every answer that it sees
/// is one that the OpenAPI document has.
final class ApiFixture implements AutoCloseable {
  static final ObjectMapper MAPPER = new ObjectMapper();
  static final JsonNode OPEN_API = tree(new String(DeclaredDoor.openApi(), UTF_8));
  static final String DEPLOYMENTS = "/api/v1/model/deployment";
  static final String ROUTES = "/api/v1/model/route";
  static final String CONNECTIONS = "/api/v1/connection";

  /// An answer.
  record Reply(ApiReply of) {
    int status() {
      return of.status();
    }

    String body() {
      return new String(of.body(), UTF_8);
    }

    JsonNode json() {
      return tree(body());
    }

    /// Status and message.
    String told() {
      return status() + " " + json().path("message").asText();
    }

    String header(String name) {
      return of.headers().stream()
          .filter(header -> header.name().equals(name))
          .map(Header::value)
          .reduce("", String::concat);
    }
  }

  private final AtomicLong millis = new AtomicLong(1_700_000_000_000L);
  final MemoryDeclaredStore store =
      new MemoryDeclaredStore(() -> Instant.ofEpochMilli(millis.incrementAndGet()));
  private final List<String> told = new ArrayList<>();
  private final List<Ref> awaited = new CopyOnWriteArrayList<>();
  private final DeclaredDoor door;

  ApiFixture() {
    this(ApiConfig.DEFAULT, HostKeys.NONE);
  }

  ApiFixture(ApiConfig config, HostKeys hostKeys) {
    door =
        new DeclaredDoor(
            store,
            config,
            hostKeys,
            new Hosting() {
              @Override
              public boolean isConfigured(String id) {
                return id.equals("configured");
              }

              @Override
              public void awaitServed(Ref declared) {
                awaited.add(declared);
              }

              @Override
              public String log(String deployment, int bytesMax) {
                String log = "words of " + deployment;
                return log.substring(Math.max(0, log.length() - bytesMax));
              }

              @Override
              public void wake(String deployment) {
                tell("wake " + deployment);
              }
            },
            System::nanoTime,
            events());
  }

  ApiEvents events() {
    return new ApiEvents() {
      @Override
      public void storeFailed(StoreException cause) {
        tell("store " + cause.getMessage());
      }

      @Override
      public void overloaded() {
        tell("overloaded");
      }

      @Override
      public void documentRefused(String deployment, String why) {
        tell("refused " + deployment);
      }

      @Override
      public void failed(Throwable cause) {
        tell("failed " + cause.getMessage());
      }
    };
  }

  static JsonNode tree(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(json, e);
    }
  }

  /// What callers were to reach before it was said that it is declared.
  List<Ref> awaited() {
    return List.copyOf(awaited);
  }

  synchronized List<String> told() {
    return List.copyOf(told);
  }

  private synchronized void tell(String what) {
    told.add(what);
  }

  DeclaredDoor door() {
    return door;
  }

  /// Sends `lines`: a request line, headers (`a: b`), and behind an empty line the body.
  Reply send(String... lines) {
    return await(begin(lines));
  }

  CompletableFuture<Reply> begin(String... lines) {
    List<Header> headers = new ArrayList<>();
    int at = 1;
    for (; at < lines.length && !lines[at].isEmpty(); at++) {
      headers.addAll(DoorFixture.headers(lines[at]));
    }
    byte[] body = at + 1 < lines.length ? lines[at + 1].getBytes(UTF_8) : new byte[0];
    return begin(lines[0], headers, body);
  }

  CompletableFuture<Reply> begin(String requestLine, List<Header> headers, byte[] body) {
    int space = requestLine.indexOf(' ');
    ApiRequest request =
        new ApiRequest(
            requestLine.substring(0, space),
            requestLine.substring(space + 1),
            headers,
            body,
            false);
    CompletableFuture<Reply> answer = new CompletableFuture<>();
    door.handle(
        request,
        reply -> {
          if (!answer.complete(new Reply(reply))) {
            tell("answered twice");
          }
        });
    return answer.whenComplete((reply, _) -> isDocumented(request, reply));
  }

  static Reply await(CompletableFuture<Reply> answer) {
    try {
      return answer.get(20, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  Reply get(String target) {
    return send("GET " + target);
  }

  Reply post(String path, String json) {
    return send("POST " + path, "", json);
  }

  Reply put(String path, String json) {
    return send("PUT " + path, "", json);
  }

  Reply patch(String path, String json) {
    return send("PATCH " + path, "", json);
  }

  Reply delete(String path) {
    return send("DELETE " + path);
  }

  /// Declares one that is as small as the rules allow.
  Reply declareDeployment(String id) {
    Reply reply = post(DEPLOYMENTS, deployment(id, ""));
    assertThat(reply.status()).as(reply.body()).isEqualTo(201);
    return reply;
  }

  /// @param more fields of its spec, each with a comma before it
  static String deployment(String id, String more) {
    return """
    {"id":"%s","spec":{"image":"i","predictor":"triton"%s}}\
    """
        .formatted(id, more);
  }

  static String route(String id, String prefix, String deployment) {
    return """
    {"id":"%s","spec":{"urlPrefix":"%s","modelDeployments":[{"mdName":"%s"}]}}\
    """
        .formatted(id, prefix, deployment);
  }

  static String docker(String id, String more) {
    return """
    {"id":"%s","spec":{"type":"docker","uri":"r.example.com","username":"u","password":"cA=="%s}}\
    """
        .formatted(id, more);
  }

  @Override
  public void close() {
    door.close();
  }

  private static void isDocumented(ApiRequest request, Reply reply) {
    if (EndpointMatch.of(request.method(), request.path())
        instanceof EndpointMatch.Found(Endpoint endpoint, _)) {
      JsonNode operation =
          OPEN_API
              .path("paths")
              .path(endpoint.template())
              .path(endpoint.method().toLowerCase(Locale.ROOT));
      assertThat(operation.path("responses").has(Integer.toString(reply.status())))
          .as("documented: %s of %s", reply.status(), endpoint)
          .isTrue();
    }
  }
}
