package dev.loopgate.logshipper;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Where a sink's files are looked for, and what its spool knows of them.
///
/// @param store closed by the caller
/// @param stagings has the staging directory of each instance by its name; null when that can't be
///   seen from here
/// @param staging of this spool's sink
/// @param commits its commit log
public record VerifiedPlace(
    ObjectStore store, @Nullable Path stagings, Path staging, Path commits) {

  /// A directory of files.
  ///
  /// @param base of what the spool keeps for the sink
  public static VerifiedPlace local(Path root, Path base, String spoolId) {
    Path stagings = root.resolve(LocalStore.STAGING);
    return new VerifiedPlace(
        LocalStore.reading(new LocalFileTree(), root),
        stagings,
        stagings.resolve(ShipperConfig.instanceOf(spoolId)),
        SpoolSinks.commitsOf(base));
  }

  /// A store elsewhere.
  ///
  /// @param base of what the spool keeps for the sink
  public static VerifiedPlace remote(ObjectStore files, Path base) {
    return new VerifiedPlace(files, null, base.resolve(Stores.STAGING), SpoolSinks.commitsOf(base));
  }

  /// A Fluentd: what was delivered can't be read, and its manifests are kept below `base`.
  public static VerifiedPlace fluentd(Path base, String spoolId) {
    return local(base.resolve(Stores.MANIFESTS), base, spoolId);
  }
}
