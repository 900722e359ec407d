package dev.loopgate.spool;

import dev.loopgate.capture.DropReason;

/// Everything the spool tells the outside. Called on event loops and on `spool-writer`: must not
/// block.
public interface SpoolEvents {
  /// Does nothing. No method has a default: who listens must say what becomes of each.
  SpoolEvents SILENT =
      new SpoolEvents() {
        @Override
        public void entryDropped(DropReason reason) {}

        @Override
        public void entryCut() {}

        @Override
        public void groupForced(int entries, long bytes, long forceNanos) {}

        @Override
        public void diskFailed(String step, String message) {}

        @Override
        public void spoolFailed(String message) {}

        @Override
        public void spoolRecovered() {}

        @Override
        public void watermark(int percent) {}

        @Override
        public void damaged(LogPosition at, long bytes) {}

        @Override
        public void ringOnDisk(String message) {}

        @Override
        public void recovered(String what) {}
      };

  /// One entry more in the ledger's `dropped{reason}`.
  void entryDropped(DropReason reason);

  /// One entry is kept without the bytes of its bodies.
  void entryCut();

  /// A group is durable.
  void groupForced(int entries, long bytes, long forceNanos);

  /// A write or a force failed; the group is written again to the next segment.
  void diskFailed(String step, String message);

  /// The second failure in a row: nothing is taken until a probe succeeds.
  void spoolFailed(String message);

  /// A probe succeeded: entries are taken again.
  void spoolRecovered();

  /// The log reached a watermark of its budget, in percent: 80, 95 or 100; 0 when back below.
  void watermark(int percent);

  /// What lies in the log at `at` turned bad after the spool was opened, so many bytes of it:
  /// whoever reads the log steps over it.
  void damaged(LogPosition at, long bytes);

  /// There was no memory file system with room for the ring, so it lies beside the log: a slow disk
  /// may now slow the serving.
  void ringOnDisk(String message);

  /// Something was found at start that is worth a line: recovered entries, a torn tail, a
  /// quarantine.
  void recovered(String what);
}
