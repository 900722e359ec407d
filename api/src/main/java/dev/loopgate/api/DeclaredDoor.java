package dev.loopgate.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.loopgate.fleet.ConnectionSpec;
import dev.loopgate.fleet.ConnectionStatus;
import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeclaredJson;
import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.DeploymentSpec;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.HostKeys;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.RouteSpec;
import dev.loopgate.fleet.RouteStatus;
import dev.loopgate.fleet.StoreException;
import dev.loopgate.policy.ApiAccess;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// What users declare, over HTTP: deployments, routes, connections, their events, and what a caller
/// may know of the gateway (contract section 5). Any thread; requests are handled on
/// [HandlerThreads], so whoever asks is never blocked.
///
/// Who may ask, [#access] says; it is judged before.
public final class DeclaredDoor implements AutoCloseable {
  /// A longer body is refused, and need not be handed over.
  public static final int BODY_BYTES_MAX = DeclaredBody.BYTES_MAX;

  private static final int LOG_BYTES = 64 << 10; // where a caller does not say how much
  private static final int LOG_BYTES_MAX = 1 << 20;

  private final DeclaredStore store;
  private final ApiConfig config;
  private final DeclaredEntities<DeploymentSpec, DeploymentStatus> deployments;
  private final DeclaredEntities<RouteSpec, RouteStatus> routes;
  private final DeclaredEntities<ConnectionSpec, ConnectionStatus> connections;
  private final Hosting hosting;
  private final StateWait waits;
  private final Watches watches;
  private final AnsweringThreads threads;

  /// A door over this store, in which nobody else writes for users.
  ///
  /// @param hostKeys asked while a connection is written, and all other writes wait
  /// @param hosting who runs what is declared
  /// @param nanos the monotonic clock
  public DeclaredDoor(
      DeclaredStore store,
      ApiConfig config,
      HostKeys hostKeys,
      Hosting hosting,
      LongSupplier nanos,
      ApiEvents events) {
    this.store = store;
    this.hosting = hosting;
    this.waits = new StateWait(nanos);
    this.watches = new Watches(store, events, nanos);
    this.config = config;
    this.threads = new AnsweringThreads(events);
    Lock writing = new ReentrantLock();
    this.deployments =
        new DeclaredEntities<>(
            store, DeclaredRules.ofDeployments(config, hosting::isConfigured), writing, waits);
    this.routes =
        new DeclaredEntities<>(store, DeclaredRules.ofRoutes(config, store), writing, waits);
    this.connections =
        new DeclaredEntities<>(store, DeclaredRules.ofConnections(hostKeys), writing, waits);
  }

  /// Whether this path is one of the door's, whatever the method: a wrong one is answered 405.
  ///
  /// @param path without query, as on the wire
  public static boolean serves(String method, String path) {
    return !(EndpointMatch.of(method, path) instanceof EndpointMatch.Unknown);
  }

  /// Who may ask this.
  ///
  /// @param path without query, as on the wire
  public static ApiAccess access(String method, String path) {
    return switch (EndpointMatch.of(method, path)) {
      case EndpointMatch.Found(Endpoint endpoint, _) -> endpoint.access();
      case EndpointMatch.WrongMethod _, EndpointMatch.Unknown() -> ApiAccess.ADMINISTER;
    };
  }

  /// The OpenAPI document of this door: JSON in UTF-8.
  public static byte[] openApi() {
    try (InputStream document = DeclaredDoor.class.getResourceAsStream("openapi.json")) {
      return Objects.requireNonNull(document, "openapi.json is in the jar").readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Answers one request, exactly once.
  ///
  /// @param reply told before this returns, or on a thread of this room, or on the one that closes
  public void handle(ApiRequest request, Consumer<ApiReply> reply) {
    String id = request.header("request-id");
    Consumer<ApiReply> answer = answered -> reply.accept(answered.toRequest(id));
    switch (EndpointMatch.of(request.method(), request.path())) {
      case EndpointMatch.Found(Endpoint endpoint, _) when endpoint == Endpoint.HEALTH ->
          threads.tell(answer, ApiReply.json(200, "{}")); // also when as much waits as may
      case EndpointMatch.Found found ->
          threads.answer(request.body().length, () -> serve(found, request), answer);
      case EndpointMatch.WrongMethod(var allowed) ->
          threads.tell(
              answer,
              new Problem(405, "the method is not allowed here: allowed=" + allowed)
                  .reply()
                  .with("allow", String.join(", ", allowed)));
      case EndpointMatch.Unknown() ->
          threads.tell(answer, new Problem(404, "unknown endpoint").reply());
    }
  }

  /// Whoever waits or watches is answered with what is known now: the gateway stops.
  public void leave() {
    waits.close();
    watches.close();
  }

  /// Requests that wait are answered 503, and those that come.
  @Override
  public void close() {
    leave();
    threads.close();
  }

  private ApiReply serve(EndpointMatch.Found found, ApiRequest request)
      throws ProblemException, StoreException {
    Endpoint endpoint = found.endpoint();
    checkEnabled(endpoint);
    String id = found.wireId().isEmpty() ? "" : id(found.wireId());
    return switch (endpoint) {
      case HEALTH -> ApiReply.json(200, "{}");
      case CONFIGURATION -> {
        Query.of(request, Set.of());
        yield ApiReply.json(200, ConfigurationJson.of(config));
      }
      case USER_INFO -> {
        Query.of(request, Set.of());
        yield UserInfo.of(request);
      }
      case LIST_DEPLOYMENTS -> deployments.list(request, watches);
      case CREATE_DEPLOYMENT -> deployments.create(request, hosting::awaitServed);
      case REPLACE_DEPLOYMENT -> deployments.replace(request);
      case GET_DEPLOYMENT -> deployments.get(request, id);
      case PATCH_DEPLOYMENT -> deployments.patch(request, id);
      case DELETE_DEPLOYMENT -> deployments.delete(request, id);
      case WAKE_DEPLOYMENT -> wake(request, id);
      case DEPLOYMENT_LOGS -> logs(request, id);
      case WATCH_DEPLOYMENT -> deployments.watch(request, id, watches);
      case DEFAULT_ROUTE -> defaultRoute(request, id);
      case DEPLOYMENT_EVENTS -> deployments.events(request);
      case LIST_ROUTES -> routes.list(request, watches);
      case CREATE_ROUTE -> routes.create(request, hosting::awaitServed);
      case REPLACE_ROUTE -> routes.replace(request);
      case GET_ROUTE -> routes.get(request, id);
      case PATCH_ROUTE -> routes.patch(request, id);
      case DELETE_ROUTE -> routes.delete(request, id);
      case ROUTE_EVENTS -> routes.events(request);
      case LIST_CONNECTIONS -> connections.list(request, watches);
      case CREATE_CONNECTION -> connections.create(request, _ -> {}); // nobody asks for one
      case REPLACE_CONNECTION -> connections.replace(request);
      case GET_CONNECTION -> connections.get(request, id);
      case PATCH_CONNECTION -> connections.patch(request, id);
      case DELETE_CONNECTION -> connections.delete(request, id);
      case GET_DECRYPTED_CONNECTION -> connections.getDecrypted(request, id);
    };
  }

  private void checkEnabled(Endpoint endpoint) throws ProblemException {
    boolean enabled =
        endpoint.template().startsWith("/api/v1/connection")
            ? config.connectionsEnabled()
            : config.deploymentsEnabled();
    if (!enabled && !endpoint.method().equals("GET")) {
      throw new Problem(400, "This API is disabled").thrown();
    }
  }

  /// What is no id is nobody's.
  private static String id(String wireId) throws ProblemException {
    String id = UrlEncoded.segment(wireId).orElse("");
    if (!Model.ID.matcher(id).matches()) {
      throw Problem.notFound(id.isEmpty() ? wireId : id).thrown();
    }
    return id;
  }

  private ApiReply wake(ApiRequest request, String id) throws ProblemException {
    Query.of(request, Set.of());
    ApiReply reply = deployments.current(id); // before: it is only begun
    hosting.wake(id);
    return reply;
  }

  private ApiReply logs(ApiRequest request, String id) throws ProblemException {
    int bytes = Query.of(request, Set.of("bytes")).number("bytes", LOG_BYTES);
    if (bytes > LOG_BYTES_MAX) {
      throw new Problem(400, "bytes: value=" + bytes + ", allowed=0 to " + LOG_BYTES_MAX).thrown();
    }
    deployments.current(id);
    return ApiReply.of(200, "text/plain; charset=utf-8", hosting.log(id, bytes).getBytes(UTF_8))
        .with("x-content-type-options", "nosniff")
        .with("cache-control", "no-store");
  }

  private ApiReply defaultRoute(ApiRequest request, String deployment) throws ProblemException {
    Query.of(request, Set.of());
    Declared<RouteSpec, RouteStatus> route =
        store.defaultRoute(deployment).orElseThrow(() -> Problem.notFound(deployment).thrown());
    return DeclaredEntities.read(request, route, DeclaredJson.write(route));
  }
}
