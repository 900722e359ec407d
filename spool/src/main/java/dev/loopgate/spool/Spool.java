package dev.loopgate.spool;

import dev.loopgate.capture.TimeSource;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The spool of one gateway: ring, ledger and log in one directory.
public final class Spool implements AutoCloseable {
  /// The slot of everything that has none of its own.
  public static final String OTHER = "(other)";

  private final @Nullable SpoolLane lane = null;
  private final @Nullable SpoolReader reader = null;
  private final @Nullable SpoolStatus status = null;

  private Spool() {}

  /// Opens the spool, recovering what an earlier process left. Its writer does not run yet.
  ///
  /// @throws SpoolException when the directory is held by another process or can't be used
  public static Spool open(SpoolConfig config, TimeSource time, SpoolEvents events)
      throws SpoolException {
    if (config.lanesMax() > 0) {
      throw new SpoolException("spool: not built yet: directory=" + config.directory());
    }
    return new Spool();
  }

  /// Starts the thread named `spool-writer`.
  public void start() {}

  /// Identity of this spool, 32 lower-case hex digits; the first 12 name the gateway's manifests.
  public String id() {
    return "";
  }

  /// A lane for the calling thread; at most [SpoolConfig#lanesMax] a process.
  public SpoolLane openLane() {
    return Objects.requireNonNull(lane);
  }

  /// The ledger's slot of this deployment, given once and kept; [#OTHER]'s beyond 1,024. Any
  /// thread, takes a lock: not for the serving path.
  public int slotOf(String deployment) {
    return 0;
  }

  /// The one reader.
  public SpoolReader reader() {
    return Objects.requireNonNull(reader);
  }

  /// A look at the counts and fills of this moment. Any thread.
  public SpoolStatus status() {
    return Objects.requireNonNull(status);
  }

  /// Closes the intake (appends answer [Appended#CLOSED]), empties the ring into the log, forces,
  /// ends the writer. The reader stays usable until [#close].
  public void closeIntake() {}

  /// [#closeIntake] if that was not done, then closes the files.
  @Override
  public void close() {}
}
