package dev.loopgate.runtime;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a replica is called, and its directory: `<deployment>-<life>-<number>`. It never comes
/// again: each life of a host has a number of its own, and each replica in it.
///
/// @param deployment the deployment's id
/// @param life of the host, from 1
/// @param number in that life, from 1
record ReplicaName(String deployment, long life, long number) implements Comparable<ReplicaName> {
  private static final Pattern NUMBERS = Pattern.compile("-([1-9][0-9]{0,17})-([1-9][0-9]{0,17})");
  private static final Comparator<ReplicaName> BY_AGE =
      Comparator.comparing(ReplicaName::deployment)
          .thenComparingLong(ReplicaName::life)
          .thenComparingLong(ReplicaName::number);

  /// The name that is written there; empty when it is none of the deployment.
  static Optional<ReplicaName> parse(String deployment, String text) {
    if (!text.startsWith(deployment)) {
      return Optional.empty();
    }
    Matcher numbers = NUMBERS.matcher(text.substring(deployment.length()));
    return numbers.matches()
        ? Optional.of(
            new ReplicaName(
                deployment, Long.parseLong(numbers.group(1)), Long.parseLong(numbers.group(2))))
        : Optional.empty();
  }

  /// The older one first.
  @Override
  public int compareTo(ReplicaName other) {
    return BY_AGE.compare(this, other);
  }

  @Override
  public String toString() {
    return deployment + "-" + life + "-" + number;
  }
}
