package dev.loopgate.app;

import dev.loopgate.api.FeedbackConfig;
import dev.loopgate.api.FeedbackDoor;
import dev.loopgate.capture.Redaction;
import dev.loopgate.extauthz.AuthorizationService;
import dev.loopgate.extproc.ObservationService;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.policy.KeysRefusedException;
import dev.loopgate.policy.Policy;
import dev.loopgate.policy.PolicyConfig;
import dev.loopgate.policy.PolicyTime;
import dev.loopgate.policy.TokenPolicy;
import dev.loopgate.proxy.LocalService;
import dev.loopgate.proxy.Proxy;
import dev.loopgate.proxy.Transport;
import dev.loopgate.spool.Spool;
import dev.loopgate.spool.SpoolException;
import io.grpc.BindableService;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One gateway from its first file to its last: wires the rooms, and closes them in reverse.
/// Belongs to the thread that started it.
final class Gateway {
  /*
   * Each room that is open leaves its way back on a stack. So a start that fails half way and a stop take the same
   * path: send callers elsewhere; stop accepting and drain; empty the ring and force; publish what is left; close the files.
   */

  @FunctionalInterface
  private interface Step {
    void run() throws Exception;
  }

  private record Closing(String what, Step step) {}

  private final Plan plan;
  private final GuardedClock clock;
  private final Telemetry telemetry;
  private final Deque<Closing> closings = new ArrayDeque<>();
  private final ArrayBlockingQueue<Boolean> hangups =
      new ArrayBlockingQueue<>(1); // more say no more
  private long deadlineNanos; // of publishing, from the moment of closing on

  private Gateway(Plan plan, GuardedClock clock, Telemetry telemetry) {
    this.plan = plan;
    this.clock = clock;
    this.telemetry = telemetry;
  }

  /// Opens everything; when this returns, callers are served.
  ///
  /// @throws StartException when the machine does not let it; what was open is closed again
  static Serving start(Plan plan, GuardedClock clock, Telemetry telemetry)
      throws StartException, UsageException {
    Gateway gateway = new Gateway(plan, clock, telemetry);
    try {
      return gateway.open();
    } catch (StartException | UsageException | RuntimeException e) {
      gateway.close();
      throw e;
    }
  }

  private Serving open() throws StartException, UsageException {
    Looks.requireReadable(plan.data().spool()); // before anything is opened, for a person to act on
    if (plan.settings().file().isPresent()) {
      // Before the door is open: who sees it may ask. Without a file SIGHUP ends the process as
      // ever.
      HangupSignal.install(() -> hangups.offer(true));
    }
    Rooms rooms = plan.rooms();
    TelemetryThread thread = TelemetryThread.start(clock, telemetry.log());
    onClose("telemetry", thread::close);

    Spool spool = openSpool(rooms);
    onClose("spool", spool::close);
    Fleet fleet = Fleet.of(plan.settings().models(), plan.settings().get(SettingsTable.ROUTES));
    Slots slots = new Slots(spool, fleet);
    spool.start();
    Supplier<LedgerMetrics.Shipped> shipped = ship(rooms, fleet, spool);
    onClose("spool's intake", spool::closeIntake);
    telemetry.registry().register(new LedgerMetrics(spool::status, shipped, clock));

    Readiness readiness = new Readiness(spool::status, telemetry.config()::problem);
    Probes probes = new Probes(telemetry.probes());
    probes.start(fleet.deployments());
    onClose("probes", probes::close);
    Policy policy = openPolicy(rooms);
    List<LocalService> services = services(rooms, fleet, slots, readiness, thread);
    Optional<Declarations> declared = openDeclarations(fleet, slots);
    declared.ifPresent(each -> services.addAll(each.services(plan.isLocal())));
    // Beside a sidecar's server models are where callers think they are, and nowhere else.
    Fleet atDoor = plan.sidecar().isPresent() ? Fleet.of(List.of()) : fleet;
    Proxy proxy = openDoor(rooms, atDoor, slots, services, policy);
    openAdminDoor(proxy, readiness, thread);
    Optional<InetSocketAddress> api = openApiDoor(proxy);
    openSidecar(proxy, fleet);
    ConfiguredEnvoys configured = ConfiguredEnvoys.open(plan.xds(), telemetry.xds());
    List<BindableService> forEnvoy = new ArrayList<>(configured.services());
    forEnvoy.add(
        new AuthorizationService(
            fleet, policy, Doors.ownPaths(services), clock, telemetry.authorizer()));
    Optional<EnvoyDoor> envoy = openEnvoyDoor(rooms, fleet, slots, forEnvoy);
    // After the drain: who waits for a model while we stop has it woken and served.
    declared.ifPresent(each -> onClose("controller", each::rest));
    onClose("drain", () -> drain(proxy, envoy));
    onClose("xds", configured::close); // before: streams that never end are no exchanges
    envoy.ifPresent(door -> configured.serve(fleet, door.address(), proxy.address()));
    declared.ifPresent(each -> onClose("what is declared to Envoys", each::detach));
    onClose("leaving", () -> leave(proxy));
    if (declared.isPresent()) {
      declared.get().begin(Doors.url(proxy.address(), proxy.isSecure()), configured::changed);
    }
    proxy.accept();
    readiness.enter(Readiness.Phase.SERVING);
    onClose("readiness", () -> readiness.enter(Readiness.Phase.STOPPING));
    watch(new Reload.Kept(fleet, slots, probes, telemetry.config(), configured::changed));
    return new Serving(
        this,
        fleet,
        proxy.address(),
        plan.declares() ? Optional.of(api.orElse(proxy.address())) : Optional.empty(),
        proxy.isSecure(),
        plan.data().files(),
        plan.sidecar());
  }

  private Optional<Declarations> openDeclarations(Fleet fleet, Slots slots)
      throws StartException, UsageException {
    if (!plan.declares()) {
      return Optional.empty();
    }
    Declarations declared =
        Declarations.open(plan.data(), fleet, slots, plan.settings(), clock, telemetry);
    onClose("what is declared", declared::close);
    return Optional.of(declared);
  }

  private Spool openSpool(Rooms rooms) throws StartException, UsageException {
    try {
      return Spool.open(rooms.spool(plan.data().spool()), clock, telemetry.spool());
    } catch (SpoolException e) {
      throw new StartException(String.valueOf(e.getMessage()), e);
    }
  }

  /// What of the log is published, to be asked at any time: nothing, where shipping is off.
  private Supplier<LedgerMetrics.Shipped> ship(Rooms rooms, Fleet fleet, Spool spool)
      throws StartException, UsageException {
    if (plan.settings().get(SettingsTable.SHIP).equals("off")) {
      telemetry
          .log()
          .line(
              LogLines.Level.WARN,
              "app",
              "ship=off: nothing is published, the spool keeps all until it is full");
      return () -> new LedgerMetrics.Shipped(0, 0, 0, 0, 0, 0);
    }
    Shippers shippers =
        Shippers.start(
            rooms.sinks().all(plan.data().files(), plan.data().spool()),
            rooms.stores(),
            new Shippers.From(
                plan.data().root(), spool, model -> fleet.has(model.name(), model.version())),
            clock,
            telemetry.shipper());
    onClose("shippers", () -> publishRest(shippers));
    telemetry.registry().register(new SinkMetrics(shippers::status));
    return () -> LedgerMetrics.Shipped.of(shippers.keeper(), spool.firstSeq());
  }

  /// Within what is left of `grace`; what is not published then is durable, and the next start's.
  private void publishRest(Shippers shippers) {
    Duration left = Duration.ofNanos(Math.max(0, deadlineNanos - clock.nanos()));
    for (String sink : shippers.finish(left)) {
      telemetry
          .log()
          .line(
              LogLines.Level.WARN,
              "app",
              sink
                  + ": not all is published yet; it is durable, and published after the next start");
    }
    shippers.close();
  }

  private void watch(Reload.Kept kept) throws UsageException {
    Optional<Path> file = plan.settings().file();
    if (file.isPresent()) {
      Reload reload = Reload.start(plan.settings(), file.get(), kept, hangups);
      onClose("reload", reload::close);
    }
  }

  private @Nullable Policy openPolicy(Rooms rooms) throws StartException, UsageException {
    PolicyConfig config = rooms.policy();
    if (config == null) {
      return null;
    }
    PolicyTime time =
        new PolicyTime() {
          @Override
          public long nanos() {
            return clock.nanos();
          }

          @Override
          public long epochMillis() {
            return clock.epochMillis();
          }
        };
    try {
      TokenPolicy policy = TokenPolicy.open(config, time, telemetry.policy());
      onClose("policy", policy::close);
      return policy;
    } catch (KeysRefusedException e) {
      throw new StartException("auth.jwks: " + e.getMessage(), e);
    }
  }

  private Proxy openDoor(
      Rooms rooms, Fleet fleet, Slots slots, List<LocalService> services, @Nullable Policy policy)
      throws StartException, UsageException {
    Transport transport = transport();
    try {
      Proxy proxy =
          Proxy.bind(
              rooms.proxy(plan.door()),
              fleet,
              rooms.redaction(),
              slots,
              clock,
              telemetry.proxy(),
              services,
              transport,
              policy);
      onClose("proxy", proxy::close);
      telemetry
          .log()
          .line(
              LogLines.Level.INFO,
              "proxy",
              "listening at "
                  + Doors.url(proxy.address(), proxy.isSecure())
                  + ", transport "
                  + proxy.transport()
                  + (proxy.isSecure() ? ", TLS by " + proxy.tlsEngine() : ""));
      return proxy;
    } catch (IOException e) {
      throw new StartException(String.valueOf(e.getMessage()), e);
    }
  }

  private List<LocalService> services(
      Rooms rooms, Fleet fleet, Slots slots, Readiness readiness, TelemetryThread thread)
      throws UsageException {
    FeedbackConfig config = rooms.feedback();
    FeedbackDoor feedback = new FeedbackDoor(config, fleet, clock, slots::slotOfModel);
    List<LocalService> services = new ArrayList<>();
    services.add(new FeedbackService(feedback, config.bytesMax()));
    services.add(new HealthDoor(readiness, plan.admin().isEmpty()));
    if (plan.admin().isEmpty()) {
      services.add(new MetricsDoor(telemetry.registry(), thread));
    }
    return services;
  }

  private void openAdminDoor(Proxy proxy, Readiness readiness, TelemetryThread thread)
      throws StartException {
    if (plan.admin().isEmpty()) {
      return;
    }
    try {
      InetSocketAddress admin =
          proxy.openServiceDoor(
              plan.admin().get(),
              List.of(
                  new HealthDoor(readiness, true), new MetricsDoor(telemetry.registry(), thread)));
      telemetry.log().line(LogLines.Level.INFO, "app", "metrics at " + Doors.url(admin, false));
    } catch (IOException e) {
      throw new StartException("admin: " + e.getMessage(), e);
    }
  }

  private Optional<InetSocketAddress> openApiDoor(Proxy proxy) throws StartException {
    Optional<InetSocketAddress> at = plan.api();
    try {
      return at.isPresent() ? Optional.of(proxy.openDoor(at.get())) : at;
    } catch (IOException e) {
      if (plan.settings().isSet(ApiSettings.API_LISTEN)) {
        throw new StartException("api.listen: " + e.getMessage(), e);
      }
      return Optional.empty(); // taken since it was looked at
    }
  }

  private void openSidecar(Proxy proxy, Fleet fleet) throws StartException {
    if (plan.sidecar().isEmpty()) {
      return;
    }
    SidecarConfig config = plan.sidecar().get();
    try {
      proxy.intercept(config.address(), fleet, config.idle(), telemetry.sidecar());
      telemetry
          .log()
          .line(
              LogLines.Level.INFO,
              "sidecar",
              "takes redirected connections at port " + config.address().getPort());
    } catch (IOException e) {
      throw new StartException("sidecar.port: " + e.getMessage(), e);
    }
  }

  private Optional<EnvoyDoor> openEnvoyDoor(
      Rooms rooms, Fleet fleet, Slots slots, List<BindableService> others)
      throws StartException, UsageException {
    if (plan.envoy().isEmpty()) {
      return Optional.empty();
    }
    EnvoyConfig config = plan.envoy().get();
    Redaction redaction = rooms.redaction();
    try {
      EnvoyDoor door =
          EnvoyDoor.open(
              config,
              loops ->
                  ObservationService.open(
                      loops,
                      config.observation(),
                      fleet,
                      redaction,
                      clock,
                      telemetry.envoy(),
                      slots),
              others);
      onClose("envoy", door::close);
      telemetry
          .log()
          .line(
              LogLines.Level.INFO,
              "envoy",
              "listening at "
                  + Doors.shown(door.address())
                  + ", gRPC"
                  + (config.tls() == null ? "" : " over mTLS"));
      return Optional.of(door);
    } catch (IOException e) {
      throw new StartException("envoy.listen: " + e.getMessage(), e);
    }
  }

  private Transport transport() throws StartException, UsageException {
    String wanted = plan.settings().get(SettingsTable.PROXY_TRANSPORT);
    Transport transport =
        Stream.of(Transport.values())
            .filter(each -> each.word().equals(wanted))
            .findFirst()
            .orElseGet(Transport::best); // auto
    if (plan.sidecar().isPresent() && !transport.seesDestinations()) {
      throw new StartException(
          "proxy.transport: "
              + transport.word()
              + " can't see where a redirected connection was going; allowed in a sidecar: epoll, on Linux");
    }
    if (!transport.isAvailable()) {
      throw new StartException(
          "proxy.transport: "
              + wanted
              + " does not load here, "
              + Transport.best().word()
              + " does; allowed: auto");
    }
    return transport;
  }

  private void leave(Proxy proxy) throws InterruptedException, UsageException {
    Duration delay = plan.settings().drainDelay();
    if (delay.isZero()) {
      return;
    }
    telemetry
        .log()
        .line(
            LogLines.Level.INFO,
            "app",
            "leaving: not ready, serves on for drain-delay=" + Kind.Time.shown(delay));
    proxy.leave(delay);
  }

  private void drain(Proxy proxy, Optional<EnvoyDoor> envoy)
      throws InterruptedException, UsageException {
    Duration limit = plan.settings().get(SettingsTable.DRAIN);
    long deadline = clock.nanos() + limit.toNanos();
    envoy.ifPresent(EnvoyDoor::leave); // at once: Envoys go elsewhere while callers end
    boolean ended = proxy.drain(limit);
    if (envoy.isPresent()) {
      Duration left = Duration.ofNanos(Math.max(0, deadline - clock.nanos()));
      ended &= envoy.get().drain(left);
    }
    if (!ended) {
      telemetry
          .log()
          .line(
              LogLines.Level.WARN,
              "app",
              "not all exchanges ended within drain="
                  + Kind.Time.shown(limit)
                  + ": gateway_stopped");
    }
  }

  /// Closes everything, the last opened first. A step that fails does not keep the others from
  /// being taken.
  ///
  /// @return whether all went well
  boolean close() {
    deadlineNanos = clock.nanos() + plan.grace().toNanos();
    boolean well = true;
    while (!closings.isEmpty()) {
      Closing closing = closings.pop();
      try {
        closing.step().run();
      } catch (Exception e) {
        well = false;
        telemetry
            .log()
            .line(LogLines.Level.ERROR, "app", "closing " + closing.what() + " failed: " + e);
      }
    }
    return well;
  }

  private void onClose(String what, Step step) {
    closings.push(new Closing(what, step));
  }
}
