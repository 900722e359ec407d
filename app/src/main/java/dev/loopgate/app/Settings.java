package dev.loopgate.app;

import dev.loopgate.fleet.Model;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// What holds for this process: of each setting the value of its option, else of its variable, else
/// of the file, else its default. All of them were of their kind when this was made. Immutable.
final class Settings {
  /// Names the file; an option and a variable, but no setting of a file.
  static final String CONFIG = "config";

  // What load balancers need to look away, unless they are slow.
  private static final Duration DRAIN_DELAY_BY_DEFAULT = Duration.ofSeconds(5);

  private static final String CONFIG_VARIABLE = Setting.VARIABLE_PREFIX + "CONFIG";

  // Not ours to read: the launcher's own, and what Kubernetes sets for a Service named loopgate.
  private static final Pattern FOREIGN =
      Pattern.compile(
          "LOOPGATE_(JAVA_OPTS|JDK_DIRS|SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_[0-9].*)?)");

  private final Map<String, Raw> values;

  private Settings(Map<String, Raw> values) {
    this.values = Map.copyOf(values);
  }

  /// The settings of a process.
  ///
  /// @param options by the name of the setting, without dashes; `config` may be among them
  /// @param environment all variables; those not ours are passed over
  /// @throws UsageException when anything is unknown or not allowed; one line names it
  static Settings of(Role role, Map<String, String> options, Map<String, String> environment)
      throws UsageException {
    Map<String, Raw> values = new HashMap<>();
    for (Setting<?> setting : SettingsTable.ALL) {
      values.put(
          setting.name(), new Raw.Text("default of " + setting.name(), setting.defaultOf(role)));
    }
    Map<String, Raw> variables = variables(environment);
    String file = options.getOrDefault(CONFIG, environment.getOrDefault(CONFIG_VARIABLE, ""));
    if (!file.isEmpty()) {
      values.putAll(ConfigFile.read(place(file)));
    }
    values.putAll(variables);
    values.putAll(chosen(options));
    Settings settings = new Settings(values);
    for (Setting<?> setting : SettingsTable.ALL) {
      settings.get(setting);
    }
    settings.checkTogether();
    if (role == Role.UP) {
      settings.checkBesideTheSample();
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

  /// The models, each with its limits.
  List<Model> models() throws UsageException {
    int bytesMax = get(SettingsTable.CAPTURE_BODY_BYTES_MAX).intValue();
    double sampleRate = get(SettingsTable.CAPTURE_SAMPLE);
    List<Model> models = new ArrayList<>();
    for (ConfiguredModel configured : get(SettingsTable.MODELS)) {
      models.add(configured.within(bytesMax, sampleRate));
    }
    return models;
  }

  /// Where the value of a setting was written, for messages about values that don't fit the
  /// machine.
  String where(Setting<?> setting) {
    Raw raw = values.get(setting.name());
    return raw == null ? setting.name() : raw.where();
  }

  /// The value as it was written, and by whom if it is not the default.
  String shown(Setting<?> setting) {
    Raw raw = values.get(setting.name());
    if (raw == null) {
      return "";
    }
    String value = raw instanceof Raw.Text(String _, String text) ? text : Shown.of(raw);
    return raw.where().startsWith("default ") ? value : value + "    (" + raw.where() + ")";
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
