package dev.loopgate.logshipper;

import dev.loopgate.capture.ModelIdentity;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.OptionalLong;

/// Where lines of one stream, model, version and UTC hour lie.
///
/// @param model an escaped part of a path
/// @param version an escaped part of a path
/// @param hour hours since the epoch
record Partition(LogStream stream, String model, String version, long hour) {
  private static final long MILLIS = 3_600_000;

  /// The partition of a model that may open one of its own.
  static Partition of(LogStream stream, ModelIdentity model, long hour) {
    return new Partition(stream, PathPart.of(model.name()), PathPart.of(model.version()), hour);
  }

  /// The partition of all models beyond the bound.
  static Partition other(LogStream stream, long hour) {
    return new Partition(stream, PathPart.OTHER, PathPart.OTHER, hour);
  }

  /// The UTC hour of a time in milliseconds since the epoch.
  static long hourOf(long millis) {
    return Math.floorDiv(millis, MILLIS);
  }

  /// When an hour begins, milliseconds since the epoch.
  static long startOf(long hour) {
    return hour * MILLIS;
  }

  /// `year=YYYY/month=MM/day=DD/YYYYMMDDHH` of an hour: the common end of all paths.
  static String hourPath(long hour) {
    LocalDateTime time =
        LocalDateTime.ofInstant(Instant.ofEpochMilli(startOf(hour)), ZoneOffset.UTC);
    StringBuilder path = new StringBuilder(48);
    path.append("year=");
    appendPadded(path, time.getYear(), 4).append("/month=");
    appendPadded(path, time.getMonthValue(), 2).append("/day=");
    appendPadded(path, time.getDayOfMonth(), 2).append('/');
    return appendHour(path, time).toString();
  }

  /// `YYYYMMDDHH` of an hour.
  static String hourWord(long hour) {
    return appendHour(
            new StringBuilder(10),
            LocalDateTime.ofInstant(Instant.ofEpochMilli(startOf(hour)), ZoneOffset.UTC))
        .toString();
  }

  /// All keys of this partition begin with it.
  String prefix() {
    return stream.word() + '/' + model + '/' + version + '/' + hourPath(hour) + '_';
  }

  /// The key of file `n`.
  ObjectKey key(long n, Compression compression) {
    return new ObjectKey(prefix() + n + compression.fileEnd());
  }

  /// The `n` of a key of this partition, compressed or not; empty for any other key.
  OptionalLong numberOf(ObjectKey key) {
    String prefix = prefix();
    if (!key.path().startsWith(prefix)) {
      return OptionalLong.empty();
    }
    int dot = key.path().indexOf('.', prefix.length());
    String number = key.path().substring(prefix.length(), dot < 0 ? key.path().length() : dot);
    if (number.isEmpty()
        || number.length() > 18
        || !number.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(Long.parseLong(number));
  }

  private static StringBuilder appendHour(StringBuilder path, LocalDateTime time) {
    appendPadded(path, time.getYear(), 4);
    appendPadded(path, time.getMonthValue(), 2);
    appendPadded(path, time.getDayOfMonth(), 2);
    return appendPadded(path, time.getHour(), 2);
  }

  private static StringBuilder appendPadded(StringBuilder path, int value, int width) {
    String digits = Integer.toString(value);
    for (int i = digits.length(); i < width; i++) {
      path.append('0');
    }
    return path.append(digits);
  }
}
