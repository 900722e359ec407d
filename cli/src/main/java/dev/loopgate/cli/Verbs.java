package dev.loopgate.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/// What the verbs do: given by `app`, which alone knows all rooms. What options they have is asked
/// only when it is needed: whoever is a client of another process starts without these rooms.
///
/// @param up serves with the sample model
/// @param gateway serves in front of models that run
/// @param sidecar serves beside a model server, where connections are redirected
/// @param config prints what is set
/// @param ship publishes what a spool holds whose gateway is gone
/// @param verify checks that nothing is missing
/// @param inspect shows what is there
/// @param others verbs with flags and options of their own
/// @param options the settings, as options of `up`, `gateway`, `sidecar` and `config`
/// @param shipOptions those of `ship`
/// @param verifyOptions those of `verify`
/// @param inspectOptions those of `inspect`
/// @param verifyFlags the same of flags
/// @param version one line
public record Verbs(
    Serve up,
    Serve gateway,
    Serve sidecar,
    Serve config,
    Serve ship,
    Look verify,
    Look inspect,
    List<Command> others,
    Supplier<List<SettingOption>> options,
    Supplier<List<SettingOption>> shipOptions,
    Supplier<List<SettingOption>> verifyOptions,
    Supplier<List<SettingOption>> inspectOptions,
    Supplier<List<Flag>> verifyFlags,
    String version) {
  public Verbs {
    others = List.copyOf(others);
  }

  /// A verb that is told settings.
  @FunctionalInterface
  public interface Serve {
    /// Does it, and comes back when it is over.
    ///
    /// @param options values by the name of the setting, without dashes: those that were given
    /// @return the exit code
    int run(Map<String, String> options);
  }

  /// A verb that is told settings and flags.
  @FunctionalInterface
  public interface Flagged {
    /// Does it, and comes back when it is over.
    ///
    /// @param options as of [Serve#run]
    /// @param flags names of those that were given, without dashes
    /// @return the exit code
    int run(Map<String, String> options, Set<String> flags);
  }

  /// A verb with what it can be told.
  ///
  /// @param description one line, for the help
  /// @param options asked when they are needed, as the flags
  public record Command(
      String name,
      String description,
      Flagged verb,
      Supplier<List<SettingOption>> options,
      Supplier<List<Flag>> flags) {}

  /// A verb that looks into a directory, or a root of files elsewhere.
  @FunctionalInterface
  public interface Look {
    /// Looks and tells.
    ///
    /// @return the exit code
    /// @throws IOException when the place can't be read; the message names it
    int run(Asked asked, PrintWriter out) throws IOException;
  }

  /// What is to be looked at, and how.
  ///
  /// @param place an existing directory, or for `verify` a URL
  /// @param options as of [Serve#run]
  /// @param flags names of those that were given, without dashes
  public record Asked(String place, Map<String, String> options, Set<String> flags) {
    public Asked {
      options = Map.copyOf(options);
      flags = Set.copyOf(flags);
    }
  }

  /// An option without a value.
  ///
  /// @param name without dashes
  /// @param meaning for the help
  public record Flag(String name, String meaning) {}

  /// A setting as an option.
  ///
  /// @param name without dashes
  /// @param label what stands for the value, like `BYTES`
  /// @param meaning for the help
  public record SettingOption(String name, String label, String meaning) {}
}
