package dev.loopgate.app;

import dev.loopgate.cli.Cli;
import dev.loopgate.cli.Surroundings;
import dev.loopgate.cli.Verbs;
import dev.loopgate.fleet.Deployment;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Where the process begins and ends.
public final class Main {
  // What may still take time when `grace` is over: the last force, and a model server's own end.
  private static final Duration SLACK = Duration.ofSeconds(30);
  private static final Verbs.SettingOption SPOOL_OPTION =
      new Verbs.SettingOption(
          "spool", "DIR", "The spool's directory, or the data directory above it.");
  private static final Duration SAMPLE_READY_WITHIN = Duration.ofSeconds(10);
  private static final Duration LOOK_EVERY = Duration.ofMillis(20);

  private final PrintWriter out;
  private final PrintWriter err;
  private final Map<String, String> environment;

  private Main(PrintWriter out, PrintWriter err, Map<String, String> environment) {
    this.out = out;
    this.err = err;
    this.environment = environment;
  }

  /// Does what the arguments say, and ends the process: 0 well, 1 it did not work, 2 it was not
  /// understood; `verify` has codes of its own.
  public static void main(String... arguments) {
    PrintWriter out = new PrintWriter(System.out, true, Charset.defaultCharset());
    PrintWriter err = new PrintWriter(System.err, true, Charset.defaultCharset());
    int code = new Main(out, err, System.getenv()).run(arguments);
    System.exit(code);
  }

  private int run(String... arguments) {
    Verbs verbs =
        new Verbs(
            options -> serve(Role.UP, options),
            options -> serve(Role.GATEWAY, options),
            options -> serve(Role.SIDECAR, options),
            this::config,
            this::ship,
            (asked, to) -> look(asked, to, Looks::verify),
            (asked, to) -> look(asked, to, Looks::inspect),
            List.of(
                new Verbs.Command(
                    "envoy-bootstrap",
                    "Print what an Envoy starts with that a gateway configures.",
                    (options, _) -> EnvoyBootstrap.print(options, out, err),
                    () -> EnvoyBootstrap.OPTIONS,
                    List::of),
                new Verbs.Command(
                    "iptables",
                    "Have the kernel redirect a model's connections to loopgate sidecar.",
                    this::iptables,
                    () -> Iptables.options(),
                    () -> Iptables.flags())),
            () -> options(SettingsTable.ALL),
            () -> options(shipSettings(), SPOOL_OPTION),
            () -> options(verifySettings(), Looks.SINK_OPTION),
            () -> options(List.of(SettingsTable.RING_DIRECTORY)),
            () -> Looks.VERIFY_FLAGS,
            version());
    return new Cli(verbs, surroundings(), out, err).run(arguments);
  }

  private Surroundings surroundings() {
    Semaphore never = new Semaphore(0);
    return new Surroundings(
        environment,
        home(),
        System.in,
        GuardedClock.ofSystem(),
        time -> {
          boolean ignored = never.tryAcquire(time.toNanos(), TimeUnit.NANOSECONDS);
        });
  }

  private Path home() {
    String said = environment.getOrDefault("HOME", "");
    return Path.of(said.isEmpty() ? System.getProperty("user.home", "") : said);
  }

  private int serve(Role role, Map<String, String> options) {
    try {
      Settings settings = Settings.of(role, options, environment);
      TerminationSignal signal =
          TerminationSignal.install(settings.get(SettingsTable.GRACE).plus(SLACK));
      int code = Cli.FAILED;
      try {
        code = serveUntil(signal, Plan.of(role, settings));
      } finally {
        signal.closed(code);
      }
      return code;
    } catch (UsageException e) {
      err.println("loopgate: " + e.getMessage());
      return Cli.USAGE;
    } catch (StartException e) {
      err.println("loopgate: " + e.getMessage());
      return Cli.FAILED;
    }
  }

  private int serveUntil(TerminationSignal signal, Plan plan)
      throws StartException, UsageException {
    GuardedClock clock = GuardedClock.ofSystem();
    Telemetry telemetry = Telemetry.of(clock);
    Serving serving = Gateway.start(plan, clock, telemetry);
    out.print(serving.greeting());
    out.flush();
    try {
      if (plan.declares()) {
        awaitSample(signal, serving);
      }
      signal.await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // nobody does; to stop is what it would mean
    }
    telemetry.log().line(LogLines.Level.INFO, "app", "stopping");
    boolean well = serving.gateway().close();
    telemetry.log().line(LogLines.Level.INFO, "app", well ? "stopped" : "stopped, not well");
    return well ? Cli.OK : Cli.FAILED;
  }

  /// The commands are printed when they will work.
  private void awaitSample(TerminationSignal signal, Serving serving) throws InterruptedException {
    long looks = SAMPLE_READY_WITHIN.dividedBy(LOOK_EVERY);
    for (long look = 0; look < looks; look++) {
      Optional<Deployment> wine = serving.fleet().deployment(SampleModel.ID);
      if (wine.isEmpty() || wine.get().isIdentified()) {
        break;
      }
      if (signal.await(LOOK_EVERY)) {
        return;
      }
    }
    serving.fleet().deployment(SampleModel.ID).ifPresent(wine -> out.print(serving.commands(wine)));
    out.flush();
  }

  /// A look that knows where ring and files are.
  @FunctionalInterface
  private interface SetLook {
    int run(Verbs.Asked asked, Settings settings, PrintWriter out)
        throws IOException, UsageException;
  }

  private static List<Setting<?>> shipSettings() {
    List<Setting<?>> settings =
        new ArrayList<>(
            List.of(
                SettingsTable.RING_DIRECTORY,
                SettingsTable.RING_BYTES,
                SettingsTable.SEGMENT_BYTES));
    settings.addAll(StoreSettings.ALL);
    return settings;
  }

  private int ship(Map<String, String> options) {
    Map<String, String> rest = new LinkedHashMap<>(options);
    String spool = rest.remove(SPOOL_OPTION.name());
    if (spool == null) {
      err.println("loopgate: spool: is needed; allowed: --spool DIR (loopgate help ship)");
      return Cli.USAGE;
    }
    TerminationSignal signal = TerminationSignal.install(SLACK);
    int code = Cli.FAILED;
    try {
      Settings settings = Settings.of(Role.GATEWAY, rest, environment);
      code = Ship.of(spool, settings, out).run(signal);
    } catch (UsageException e) {
      err.println("loopgate: " + e.getMessage());
      code = Cli.USAGE;
    } catch (StartException e) {
      err.println("loopgate: " + e.getMessage());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // nobody does; to stop is what it would mean
    } finally {
      signal.closed(code);
    }
    return code;
  }

  private int iptables(Map<String, String> options, Set<String> flags) {
    try {
      return new Iptables(environment, out).run(options, flags);
    } catch (UsageException e) {
      err.println("loopgate: " + e.getMessage());
      return Cli.USAGE;
    } catch (StartException e) {
      err.println("loopgate: " + e.getMessage());
      return Cli.FAILED;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // nobody does; to stop is what it would mean
      return Cli.FAILED;
    }
  }

  private static List<Setting<?>> verifySettings() {
    List<Setting<?>> settings = new ArrayList<>(List.of(SettingsTable.RING_DIRECTORY));
    settings.addAll(StoreSettings.ALL);
    settings.remove(StoreSettings.FILES_COMPRESSION); // files say it themselves
    return settings;
  }

  private int look(Verbs.Asked asked, PrintWriter to, SetLook look) throws IOException {
    try {
      Map<String, String> options = new LinkedHashMap<>(asked.options());
      options.remove(Looks.SINK);
      Settings settings = Settings.of(Role.GATEWAY, options, environment);
      return look.run(asked, settings, to);
    } catch (UsageException e) {
      err.println("loopgate: " + e.getMessage());
      return Cli.USAGE;
    }
  }

  private int config(Map<String, String> options) {
    try {
      Settings settings = Settings.of(Role.GATEWAY, options, environment);
      settings.checkRoutes();
      out.print(SettingsPage.text(Role.GATEWAY, settings));
      out.flush();
      return Cli.OK;
    } catch (UsageException e) {
      err.println("loopgate: " + e.getMessage());
      return Cli.USAGE;
    }
  }

  private static List<Verbs.SettingOption> options(
      List<? extends Setting<?>> settings, Verbs.SettingOption... others) {
    List<Verbs.SettingOption> options = new ArrayList<>(List.of(others));
    options.add(
        new Verbs.SettingOption(
            Settings.CONFIG, "FILE", "A YAML file with settings, nested or with dots."));
    for (Setting<?> setting : settings) {
      options.add(
          new Verbs.SettingOption(setting.name(), setting.kind().label(), setting.meaning()));
    }
    return options;
  }

  private static String version() {
    String version = Main.class.getPackage().getImplementationVersion();
    return "loopgate " + (version == null ? "unpackaged" : version) + ", Java " + Runtime.version();
  }
}
