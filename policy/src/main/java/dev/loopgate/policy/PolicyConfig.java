package dev.loopgate.policy;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Settings of tokens.
///
/// @param forwards whether models get the `authorization` header that was verified here
/// @param cacheBytesMax of verified tokens that are remembered; beyond it the oldest are verified
///   again
public record PolicyConfig(
    Published keys, Expected expected, Freshness freshness, boolean forwards, long cacheBytesMax) {
  /// Where the issuer's keys are published, as a JSON Web Key Set.
  public sealed interface Published {}

  /// A file; it is read again when it changes.
  public record InFile(Path file) implements Published {}

  /// An `http` or `https` URL.
  public record AtUrl(URI url) implements Published {}

  /// What a token must say.
  ///
  /// @param issuer what `iss` must be, null for whatever it is
  /// @param audience what must be in `aud`, null for whatever is there
  /// @param rolesClaim the name of the claim with the roles, or its path with dots
  /// @param leeway of `exp` and `nbf`
  public record Expected(
      @Nullable String issuer, @Nullable String audience, String rolesClaim, Duration leeway) {
    /// Any issuer, any audience.
    public static final Expected DEFAULT =
        new Expected(null, null, "realm_access.roles", Duration.ofSeconds(30));
  }

  /// How old keys may be that come from a URL.
  ///
  /// @param refresh how often they are read
  /// @param stale how long after the last successful read they are trusted, at least `refresh`
  /// @param pause between two reads that unknown keys' names cause
  /// @param within for one read
  public record Freshness(Duration refresh, Duration stale, Duration pause, Duration within) {
    /// Minutes where all is well, an hour where it is not.
    public static final Freshness DEFAULT =
        new Freshness(
            Duration.ofMinutes(5),
            Duration.ofHours(1),
            Duration.ofSeconds(10),
            Duration.ofSeconds(5));

    public Freshness {
      if (stale.compareTo(refresh) < 0) {
        throw new IllegalArgumentException(
            "stale: value=" + stale + ", allowed=at least refresh=" + refresh);
      }
    }
  }

  /// More is never needed beside the cache: what waits to be verified, and a key set being read.
  private static final long WORK_BYTES =
      (long) Judgments.PENDING_MAX * TokenPolicy.TOKEN_LENGTH_MAX + 16L * KeySource.BYTES_MAX;

  /// The defaults with these keys.
  public static PolicyConfig of(Published keys) {
    return new PolicyConfig(keys, Expected.DEFAULT, Freshness.DEFAULT, false, 2L << 20);
  }

  /// Looks at the keys of a file, before anything is opened; nothing is known yet of a URL.
  ///
  /// @throws KeysRefusedException when they can't be used; the message names the file
  public void check() throws KeysRefusedException {
    if (keys instanceof InFile) {
      keysAtStart(source());
    }
  }

  /// The most memory that this room can ever hold.
  public long bytesMax() {
    return cacheBytesMax + WORK_BYTES;
  }

  KeySource source() {
    return switch (keys) {
      case InFile(Path file) -> new KeyFile(file);
      case AtUrl(URI url) -> new KeyUrl(url, freshness.refresh(), freshness.within());
    };
  }

  /// Of a file the keys; of a URL none yet: that it can't be reached does not stop a start.
  KeySet keysAtStart(KeySource source) throws KeysRefusedException {
    return source instanceof KeyFile file
        ? KeySet.parse(file.read(), file.toString(), KeySet.NONE)
        : KeySet.NONE;
  }
}
