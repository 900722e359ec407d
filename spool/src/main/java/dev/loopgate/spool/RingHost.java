package dev.loopgate.spool;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the ring must know of the machine. Any thread.
interface RingHost {
  /// Another one each time the machine starts; empty when unknown.
  String bootId();

  /// Bytes free in `directory` when that is a file system in memory, else 0.
  long memoryBytesFree(Path directory);

  /// This machine.
  RingHost LINUX =
      new RingHost() {
        private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

        @Override
        public String bootId() {
          try {
            return Files.readString(BOOT_ID, StandardCharsets.US_ASCII).strip();
          } catch (IOException _) {
            return ""; // no Linux: then no ring is ever taken to be of another boot
          }
        }

        @Override
        public long memoryBytesFree(Path directory) {
          try {
            FileStore store = Files.getFileStore(directory);
            return store.type().equals("tmpfs") && Files.isWritable(directory)
                ? store.getUsableSpace()
                : 0;
          } catch (IOException _) {
            return 0; // not there: the ring then lies beside the log, which is told
          }
        }
      };
}
