package dev.loopgate.proxy;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Where the door's certificate lies.
///
/// @param certificate PEM, the door's own first, then those it was issued by
/// @param key PEM, PKCS#8, not encrypted
/// @param clientCa PEM of the authorities whose clients may call; null asks callers for no
///   certificate
public record TlsFiles(Path certificate, Path key, @Nullable Path clientCa) {
  /// Reads them once, to see whether they can be used.
  ///
  /// @throws IOException when they can't be read or don't fit together; the message names them
  public void check() throws IOException {
    Tls.of(this).open();
  }
}
