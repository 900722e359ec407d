package dev.loopgate.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/// What a version of ours left on disk, in a test's resources: the files of a directory, packed.
/// With `-Dloopgate.format.write=DIRECTORY` a test that writes the same writes it there too.
public final class GoldenFiles {
  private static final String WRITE_TO = "loopgate.format.write";

  private GoldenFiles() {}

  /// The files of this resource, by name.
  ///
  /// @throws NoSuchFileException when there is no such resource
  public static Map<String, byte[]> read(Class<?> test, String resource) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (InputStream in = test.getResourceAsStream("/" + resource)) {
      if (in == null) {
        throw new NoSuchFileException(resource);
      }
      ZipInputStream zip = new ZipInputStream(in);
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        files.put(entry.getName(), zip.readAllBytes());
      }
    }
    return files;
  }

  /// Writes the resource anew where somebody asks for it.
  public static void writeIfAsked(String resource, Map<String, byte[]> files) throws IOException {
    String directory = System.getProperty(WRITE_TO, "");
    if (directory.isEmpty()) {
      return;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> file : new TreeMap<>(files).entrySet()) {
        ZipEntry entry = new ZipEntry(file.getKey());
        entry.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0)); // the same files, the same bytes
        zip.putNextEntry(entry);
        zip.write(file.getValue());
      }
    }
    Files.write(Path.of(directory, resource), bytes.toByteArray());
  }
}
