package dev.loopgate.app;

import static dev.loopgate.app.SettingsTable.setting;

import dev.loopgate.policy.PolicyConfig;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The settings of `auth`: part of the table.
final class TokenSettings {
  static final Setting<Optional<PolicyConfig.Published>> AUTH_JWKS =
      setting(
          "auth.jwks",
          new KeysKind(),
          "none",
          "The keys of the tokens' issuer, a JSON Web Key Set: a file (read again when it changes) or a URL. Then"
              + " models and feedback ask for a token: Authorization: Bearer, a signed JWT.");
  static final Setting<Optional<String>> AUTH_ISSUER =
      setting(
          "auth.issuer",
          new Kind.Word(true),
          "none",
          "What iss of a token must be. none: whatever it is, so set it where the keys sign for others, too.");
  static final Setting<Optional<String>> AUTH_AUDIENCE =
      setting(
          "auth.audience",
          new Kind.Word(true),
          "none",
          "What must be in aud of a token. none: whatever is there.");
  static final Setting<Optional<String>> AUTH_ROLES_CLAIM =
      setting(
          "auth.roles-claim",
          new Kind.Word(false),
          "realm_access.roles",
          "The claim with the roles: its name, or its path with dots; a list, or one text with blanks.");
  static final Setting<Duration> AUTH_LEEWAY =
      setting(
          "auth.leeway",
          SettingsTable.time(Duration.ZERO, Duration.ofMinutes(5)),
          "30s",
          "How far the issuer's clock may be from ours, for exp and nbf.");
  static final Setting<String> AUTH_FORWARD =
      setting(
          "auth.forward",
          new Kind.Choice(List.of("true", "false")),
          "false",
          "Whether the model gets the Authorization header that was verified here. Where none is asked for, it"
              + " is always passed on.");
  static final Setting<Duration> AUTH_REFRESH =
      setting(
          "auth.refresh",
          SettingsTable.time(Duration.ofSeconds(1), Duration.ofHours(24)),
          "5m",
          "How often the keys of a URL are read; also, at most every 10 s, when a token names one that is not"
              + " there.");
  static final Setting<Duration> AUTH_STALE =
      setting(
          "auth.stale",
          SettingsTable.time(Duration.ofSeconds(1), Duration.ofHours(240)),
          "1h",
          "So long after the last read the keys of a URL that can't be read are trusted; then 503. At least"
              + " auth.refresh.");
  static final Setting<Long> AUTH_CACHE_BYTES =
      setting(
          "auth.cache-bytes",
          SettingsTable.bytes(64L << 10, 1L << 30),
          "2MiB",
          "Verified tokens that are remembered until they expire, about 1 KiB each; beyond it the oldest are"
              + " verified again.");

  private TokenSettings() {}
}
