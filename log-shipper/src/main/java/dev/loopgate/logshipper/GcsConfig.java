package dev.loopgate.logshipper;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/// How Google Cloud Storage is asked. Credentials are none of it: the client finds them as all of
/// Google's tools do.
///
/// @param endpoint of an emulator, which is asked without credentials; null for Google's
/// @param project null for what the client finds
public record GcsConfig(@Nullable URI endpoint, @Nullable String project) {
  /// Google's own.
  public static final GcsConfig DEFAULT = new GcsConfig(null, null);
}
