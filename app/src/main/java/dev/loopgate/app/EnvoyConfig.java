package dev.loopgate.app;

import dev.loopgate.extproc.ObservationConfig;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The door for Envoys.
///
/// @param loops its event loops
/// @param tls null where callers are trusted for where they come from
record EnvoyConfig(
    InetSocketAddress address, int loops, ObservationConfig observation, @Nullable Mutual tls) {
  /// Both sides show a certificate; PEM files.
  record Mutual(Path certificate, Path key, Path clientCa) {}
}
