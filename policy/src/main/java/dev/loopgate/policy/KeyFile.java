package dev.loopgate.policy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;

/// Keys in a file. Confined to one thread.
final class KeyFile implements KeySource {
  private static final Duration LOOK_EVERY = Duration.ofSeconds(2);

  private final Path file;
  private List<Object> seen = List.of();

  KeyFile(Path file) {
    this.file = file;
  }

  @Override
  public byte[] read() throws KeysRefusedException {
    List<Object> stamp = stamp(); // before the bytes: what changes after it is read again
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(BYTES_MAX + 1);
      if (bytes.length > BYTES_MAX) {
        throw new KeysRefusedException(
            "file=" + file + " is longer than " + (BYTES_MAX >> 10) + "KiB");
      }
      seen = stamp;
      return bytes;
    } catch (KeysRefusedException e) {
      throw e;
    } catch (IOException e) {
      throw new KeysRefusedException("file=" + file + " is not there or not readable", e);
    }
  }

  @Override
  public Duration every() {
    return LOOK_EVERY;
  }

  @Override
  public boolean mayHaveChanged() {
    return !stamp().equals(seen);
  }

  @Override
  public boolean goesStale() {
    return false;
  }

  @Override
  public String toString() {
    return "file=" + file;
  }

  private List<Object> stamp() {
    try {
      BasicFileAttributes of = Files.readAttributes(file, BasicFileAttributes.class);
      // The key, too: another file in its place may be as long and as old.
      return List.of(of.lastModifiedTime(), of.size(), String.valueOf(of.fileKey()));
    } catch (IOException e) {
      return List.of(e.getClass());
    }
  }
}
