package dev.loopgate.logshipper;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The stores there are, by the destination that names them. A client of a remote one is made only
/// when a root asks for it.
///
/// @param s3 how S3 is asked
/// @param gcs how Google Cloud Storage is asked
public record Stores(S3Config s3, GcsConfig gcs) {
  /// Where files for a remote store are staged, below the spool's directory.
  static final String STAGING = "staging";

  /// Where the manifests of a Fluentd lie, below a sink's directory.
  static final String MANIFESTS = "manifests";

  /// The store of a gateway that publishes.
  ///
  /// @param base of what is kept here for it: the spool's directory, or a sink's below that
  /// @param instance first 12 hex digits of the spool id
  /// @param trust for TLS to a Fluentd: certificates in PEM, null for the JDK's
  /// @throws IOException when a directory can't be made, or the client can't be; one line says why
  public ObjectStore open(Destination destination, Path base, String instance, @Nullable Path trust)
      throws IOException {
    Path staging = base.resolve(STAGING);
    return switch (destination) {
      case FilesRoot.Local local -> LocalStore.open(local.directory(), instance);
      case FilesRoot.S3 bucket -> S3Store.open(bucket, s3, staging);
      case FilesRoot.Gcs bucket -> GcsStore.open(bucket, gcs, staging);
      case FilesRoot.Nowhere none -> throw new IOException("no store: files=" + none);
      case FluentdAddress address ->
          FluentdStore.open(address, base.resolve(MANIFESTS), instance, trust);
    };
  }

  /// The store of who only reads.
  ///
  /// @throws IOException when the client can't be made; one line says why
  public ObjectStore reading(FilesRoot root) throws IOException {
    Path nowhere = Path.of(STAGING);
    return switch (root) {
      case FilesRoot.Local local -> LocalStore.reading(new LocalFileTree(), local.directory());
      case FilesRoot.S3 bucket -> S3Store.reading(bucket, s3, S3Store.Limits.DEFAULT, nowhere);
      case FilesRoot.Gcs bucket -> GcsStore.reading(bucket, gcs, nowhere);
      case FilesRoot.Nowhere none -> throw new IOException("no store: files=" + none);
    };
  }
}
