package dev.loopgate.app;

import java.time.Duration;
import java.util.Optional;

/// A length of time, or `auto` where the gateway may choose.
record AutoTimeKind(Kind.Time time) implements Kind<Optional<Duration>> {
  private static final String AUTO = "auto";

  @Override
  public Optional<Duration> parse(Raw raw) {
    if (raw instanceof Raw.Text(String _, String text) && text.equals(AUTO)) {
      return Optional.empty();
    }
    try {
      return Optional.of(time.parse(raw));
    } catch (NotAllowedException _) {
      throw new NotAllowedException(allowed());
    }
  }

  @Override
  public String label() {
    return time.label();
  }

  @Override
  public String allowed() {
    return "auto, or " + time.allowed();
  }
}
