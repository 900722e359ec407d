package dev.loopgate.logshipper;

import java.io.IOException;
import java.nio.file.Path;

/// The stores there are, by the root that names them. A client of a remote one is made only when a
/// root asks for it.
///
/// @param s3 how S3 is asked
/// @param gcs how Google Cloud Storage is asked
public record Stores(S3Config s3, GcsConfig gcs) {
  /// Where files for a remote store are staged, below the spool's directory.
  static final String STAGING = "staging";

  /// The store of a gateway that publishes.
  ///
  /// @param spool directory of the gateway's spool
  /// @param instance first 12 hex digits of the spool id
  /// @throws IOException when a directory can't be made, or the client can't be; one line says why
  public ObjectStore open(FilesRoot root, Path spool, String instance) throws IOException {
    Path staging = spool.resolve(STAGING);
    return switch (root) {
      case FilesRoot.Local local -> LocalStore.open(local.directory(), instance);
      case FilesRoot.S3 bucket -> S3Store.open(bucket, s3, staging);
      case FilesRoot.Gcs bucket -> GcsStore.open(bucket, gcs, staging);
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
    };
  }
}
