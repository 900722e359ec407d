package dev.loopgate.app;

import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.KeepRules;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.ModelRoute;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// What holds for this process: of each setting the value of its option, else of its variable, else
/// of the file, else its default. All of them were of their kind when this was made. Immutable.
final class Settings {
  /// Names the file; an option and a variable, but no setting of a file.
  static final String CONFIG = "config";

  // What load balancers need to look away, unless they are slow.
  private static final Duration DRAIN_DELAY_BY_DEFAULT = Duration.ofSeconds(5);

  private static final String DEFAULT_OF = "default of ";
  private static final String CONFIG_VARIABLE = Setting.VARIABLE_PREFIX + "CONFIG";

  // Not ours to read: the launcher's own, and what Kubernetes sets for a Service named loopgate.
  private static final Pattern FOREIGN =
      Pattern.compile(
          "LOOPGATE_(JAVA_OPTS|JDK_DIRS|SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_[0-9].*)?)");

  /// Where values come from, to be read again.
  private record Sources(Role role, Map<String, String> options, Map<String, String> environment) {
    Sources {
      options = Map.copyOf(options);
      environment = Map.copyOf(environment);
    }

    /// The file's name, empty for none.
    String file() {
      return options.getOrDefault(CONFIG, environment.getOrDefault(CONFIG_VARIABLE, ""));
    }
  }

  private final Sources sources;
  private final Map<String, Raw> values;

  private Settings(Sources sources, Map<String, Raw> values) {
    this.sources = sources;
    this.values = Map.copyOf(values);
  }

  /// The settings of a process.
  ///
  /// @param options by the name of the setting, without dashes; `config` may be among them
  /// @param environment all variables; those not ours are passed over
  /// @throws UsageException when anything is unknown or not allowed; one line names it
  static Settings of(Role role, Map<String, String> options, Map<String, String> environment)
      throws UsageException {
    Sources sources = new Sources(role, options, environment);
    Map<String, Raw> values = new HashMap<>();
    for (Setting<?> setting : SettingsTable.ALL) {
      values.put(
          setting.name(), new Raw.Text(DEFAULT_OF + setting.name(), setting.defaultOf(role)));
    }
    Map<String, Raw> variables = variables(environment);
    String file = sources.file();
    if (!file.isEmpty()) {
      values.putAll(ConfigFile.read(place(file)));
    }
    values.putAll(variables);
    values.putAll(chosen(options));
    Settings settings = new Settings(sources, values);
    for (Setting<?> setting : SettingsTable.ALL) {
      settings.get(setting);
    }
    settings.checkTogether();
    switch (role) {
      case UP -> settings.checkBesideTheSample();
      case GATEWAY -> {}
      case SIDECAR -> SidecarSettings.check(settings);
    }
    return settings;
  }

  /// The value.
  ///
  /// @throws UsageException never after [#of] returned
  <T> T get(Setting<T> setting) throws UsageException {
    Raw raw = values.get(setting.name());
    if (raw == null) {
      throw new UsageException("no such setting: " + setting.name());
    }
    return setting.parse(raw);
  }

  /// The same, read anew from the same places.
  ///
  /// @throws UsageException as [#of] and [#checkRoutes]
  Settings again() throws UsageException {
    Settings again = of(sources.role(), sources.options(), sources.environment());
    again.checkRoutes();
    return again;
  }

  /// Whether the same would be read now.
  boolean isStillSaid() {
    try {
      return again().values.equals(values);
    } catch (UsageException _) {
      return false; // whoever reads it will be told why
    }
  }

  /// The file among the places, if there is one.
  Optional<Path> file() throws UsageException {
    String file = sources.file();
    return file.isEmpty() ? Optional.empty() : Optional.of(place(file));
  }

  /// Names of the settings whose values are others in `next`, but for models and routes.
  List<String> otherThan(Settings next) throws UsageException {
    List<String> names = new ArrayList<>();
    for (Setting<?> setting : SettingsTable.ALL) {
      boolean reloaded =
          setting.equals(SettingsTable.MODELS) || setting.equals(SettingsTable.ROUTES);
      if (!reloaded && !Objects.equals(get(setting), next.get(setting))) {
        names.add(setting.name());
      }
    }
    return names;
  }

  /// The models, each with its limits.
  List<Model> models() throws UsageException {
    return models(this);
  }

  /// The same within the limits that `gateway` has for all models.
  List<Model> models(Settings gateway) throws UsageException {
    int bytesMax = gateway.get(SettingsTable.CAPTURE_BODY_BYTES_MAX).intValue();
    double sampleRate = gateway.get(SettingsTable.CAPTURE_SAMPLE);
    List<RedactedField> secret = gateway.get(SettingsTable.REDACT_BODY);
    List<Model> models = new ArrayList<>();
    for (ConfiguredModel configured : get(SettingsTable.MODELS)) {
      models.add(configured.within(bytesMax, sampleRate, secret));
    }
    return models;
  }

  /// Holds the roles of the models against what `gateway` asks of callers.
  ///
  /// @throws UsageException when a model needs a role and nobody is asked for a token
  void checkRoles(Settings gateway) throws UsageException {
    if (gateway.get(TokenSettings.AUTH_JWKS).isPresent()) {
      return;
    }
    for (ConfiguredModel configured : get(SettingsTable.MODELS)) {
      Model model = configured.model();
      if (model.role() != null) {
        throw new UsageException(
            where(SettingsTable.MODELS)
                + ": role="
                + model.role()
                + " of the model "
                + model.id()
                + " stands without auth.jwks, so nobody would be asked for a token; allowed:"
                + " beside auth.jwks");
      }
    }
  }

  /// What is kept of a model of which nothing is said.
  Kept kept() throws UsageException {
    return new Kept(
        true,
        get(SettingsTable.CAPTURE_BODY_BYTES_MAX).intValue(),
        get(SettingsTable.CAPTURE_SAMPLE),
        KeepRules.NONE,
        get(SettingsTable.REDACT_BODY).stream().map(RedactedField::ofModel).toList());
  }

  /// Where the value of a setting was written, for messages about values that don't fit the
  /// machine.
  String where(Setting<?> setting) {
    Raw raw = values.get(setting.name());
    return raw == null ? setting.name() : raw.where();
  }

  /// Whether somebody has set it.
  boolean isSet(Setting<?> setting) {
    Raw raw = values.get(setting.name());
    return raw != null && !raw.where().startsWith(DEFAULT_OF);
  }

  /// The value as it was written, and by whom if it is not the default.
  String shown(Setting<?> setting) {
    Raw raw = values.get(setting.name());
    if (raw == null) {
      return "";
    }
    String value = raw instanceof Raw.Text(String _, String text) ? text : Shown.of(raw);
    return raw.where().startsWith(DEFAULT_OF) ? value : value + "    (" + raw.where() + ")";
  }

  private static Path place(String file) throws UsageException {
    try {
      return new Kind.Place().parse(new Raw.Text(CONFIG, file));
    } catch (NotAllowedException e) {
      throw new UsageException(
          "config: value " + Shown.of(file) + " is not allowed; allowed: " + e.getMessage());
    }
  }

  /// How long the door stays open after SIGTERM: what is set, or what fits into `grace`.
  Duration drainDelay() throws UsageException {
    Duration room = get(SettingsTable.GRACE).minus(get(SettingsTable.DRAIN));
    return get(SettingsTable.DRAIN_DELAY)
        .orElse(room.compareTo(DRAIN_DELAY_BY_DEFAULT) < 0 ? room : DRAIN_DELAY_BY_DEFAULT);
  }

  private void checkTogether() throws UsageException {
    Duration drain = get(SettingsTable.DRAIN);
    Duration grace = get(SettingsTable.GRACE);
    if (drain.compareTo(grace) > 0) {
      throw new UsageException(
          where(SettingsTable.DRAIN)
              + ": drain="
              + Kind.Time.shown(drain)
              + " is longer than grace="
              + Kind.Time.shown(grace)
              + "; allowed: at most grace, which includes it");
    }
    Duration delay = drainDelay();
    if (delay.plus(drain).compareTo(grace) > 0) {
      throw new UsageException(
          where(SettingsTable.DRAIN_DELAY)
              + ": drain-delay="
              + Kind.Time.shown(delay)
              + " and drain="
              + Kind.Time.shown(drain)
              + " are longer than grace="
              + Kind.Time.shown(grace)
              + "; allowed: together at most grace, which includes both");
    }
    long segment = get(SettingsTable.SEGMENT_BYTES);
    long log = get(SettingsTable.SPOOL_BYTES_MAX);
    if (log < 4 * segment) {
      throw new UsageException(
          where(SettingsTable.SPOOL_BYTES_MAX)
              + ": spool.bytes-max="
              + Kind.Bytes.shown(log)
              + " holds no four segments of spool.segment-bytes="
              + Kind.Bytes.shown(segment)
              + "; allowed: at least "
              + Kind.Bytes.shown(4 * segment));
    }
  }

  /// Holds the routes against the models they name.
  ///
  /// @throws UsageException when they don't fit together; one line says where and why
  void checkRoutes() throws UsageException {
    List<ModelRoute> routes = get(SettingsTable.ROUTES);
    if (routes.isEmpty()) {
      return; // what models have in common was looked at with them
    }
    try {
      Fleet.of(models(), routes);
    } catch (IllegalArgumentException e) {
      throw new UsageException(
          where(SettingsTable.ROUTES)
              + ": routes: "
              + e.getMessage()
              + "; allowed: ids and prefixes that nothing else has, models that are there");
    }
  }

  private void checkBesideTheSample() throws UsageException {
    for (ConfiguredModel configured : get(SettingsTable.MODELS)) {
      Model model = configured.model();
      if (model.id().equals(SampleModel.ID) || model.prefix().equals(SampleModel.PREFIX)) {
        throw new UsageException(
            where(SettingsTable.MODELS)
                + ": id="
                + model.id()
                + ", prefix="
                + model.prefix()
                + " is the sample model's; allowed: another one, or the role gateway");
      }
    }
  }

  private static Map<String, Raw> variables(Map<String, String> environment) throws UsageException {
    Map<String, Setting<?>> known = new TreeMap<>();
    for (Setting<?> setting : SettingsTable.ALL) {
      known.put(setting.variable(), setting);
    }
    Map<String, Raw> values = new HashMap<>();
    for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
      String name = variable.getKey();
      if (!name.startsWith(Setting.VARIABLE_PREFIX)
          || name.equals(CONFIG_VARIABLE)
          || FOREIGN.matcher(name).matches()) {
        continue;
      }
      Setting<?> setting = known.get(name);
      if (setting == null) {
        throw new UsageException(
            "environment: unknown variable "
                + Shown.of(name)
                + Shown.didYouMean(name, known.keySet())
                + " (loopgate config lists all)");
      }
      values.put(setting.name(), new Raw.Text("environment " + name, variable.getValue()));
    }
    return values;
  }

  private static Map<String, Raw> chosen(Map<String, String> options) throws UsageException {
    Map<String, Raw> values = new HashMap<>();
    for (Map.Entry<String, String> option : options.entrySet()) {
      String name = option.getKey();
      if (name.equals(CONFIG)) {
        continue;
      }
      if (!SettingsTable.names().contains(name)) {
        throw new UsageException(
            "unknown option "
                + Shown.of("--" + name)
                + Shown.didYouMean(name, SettingsTable.names())
                + " (loopgate config lists all)");
      }
      values.put(name, new Raw.Text("option --" + name, option.getValue()));
    }
    return values;
  }
}
