package dev.loopgate.app;

import java.util.Locale;

/// One thing that can be set: its name is its key in a file, `--name` its option and [#variable]
/// its environment variable.
///
/// @param name words of lower-case letters with dashes, below a room's name with a dot
/// @param byDefault the value when nobody sets one, as one would write it
/// @param inUp the same for the role `up`, often equal
/// @param inSidecar the same for the role `sidecar`
/// @param meaning one or two sentences, what happens beyond a limit among them
/// @param <T> what the value becomes
record Setting<T>(
    String name, Kind<T> kind, String byDefault, String inUp, String inSidecar, String meaning) {
  /// What starts the name of each variable.
  static final String VARIABLE_PREFIX = "LOOPGATE_";

  /// The environment variable, like `LOOPGATE_CAPTURE_BYTES_MAX`.
  String variable() {
    return VARIABLE_PREFIX + name.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  /// The option, like `--capture.bytes-max`.
  String option() {
    return "--" + name;
  }

  /// The default of a role, as one would write it.
  String defaultOf(Role role) {
    return switch (role) {
      case UP -> inUp;
      case GATEWAY -> byDefault;
      case SIDECAR -> inSidecar;
    };
  }

  /// The value.
  ///
  /// @throws UsageException when `raw` is not of the setting's kind; the line names all there is to
  ///   know
  T parse(Raw raw) throws UsageException {
    try {
      return kind.parse(raw);
    } catch (NotAllowedException e) {
      throw new UsageException(
          raw.where() + ": value " + Shown.of(raw) + " is not allowed; allowed: " + e.getMessage());
    }
  }
}
