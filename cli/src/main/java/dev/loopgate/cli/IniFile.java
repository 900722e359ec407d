package dev.loopgate.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The section `[general]` of a file of the user's own. Only the user may read it: there are tokens
/// in it. What else stands in the file is left as it is.
final class IniFile {
  private static final int BYTES_MAX = 256 << 10;
  private static final String SECTION = "[general]";

  private final Path path;

  IniFile(Path path) {
    this.path = path;
  }

  Path path() {
    return path;
  }

  /// What it sets; nothing when there is no such file.
  ///
  /// @throws ClientException when it can't be read
  Map<Variable, String> values() throws ClientException {
    Map<Variable, String> values = new EnumMap<>(Variable.class);
    boolean inside = false;
    for (String line : lines()) {
      if (isSection(line)) {
        inside = line.strip().equalsIgnoreCase(SECTION);
      } else if (inside) {
        variable(line).ifPresent(variable -> values.put(variable, value(line)));
      }
    }
    return values;
  }

  /// Sets and removes: whoever looks meanwhile sees all of it or nothing.
  ///
  /// @param changes an empty value removes
  /// @throws ClientException when it can't be written, or is a file of something else
  void change(Map<Variable, String> changes) throws ClientException {
    for (Map.Entry<Variable, String> change : changes.entrySet()) {
      if (change.getValue().chars().anyMatch(Character::isISOControl)) {
        throw new ClientException(
            change.getKey().name() + " can not be kept: it has characters of control");
      }
    }
    List<String> lines = lines();
    boolean foreign =
        lines.stream().anyMatch(line -> !line.isBlank() && !isComment(line))
            && lines.stream().noneMatch(IniFile::isSection);
    if (foreign) {
      throw new ClientException(
          path + " is not a file of this command (no [section] in it), so it is left as it is");
    }
    List<String> next = new ArrayList<>();
    List<String> given =
        changes.entrySet().stream()
            .filter(change -> !change.getValue().isEmpty())
            .map(change -> change.getKey().name() + " = " + change.getValue())
            .toList();
    boolean inside = false;
    boolean said = false;
    for (String line : lines) {
      if (isSection(line)) {
        inside = line.strip().equalsIgnoreCase(SECTION);
        next.add(line);
        if (inside && !said) {
          next.addAll(given);
          said = true;
        }
      } else if (!inside || variable(line).filter(changes::containsKey).isEmpty()) {
        next.add(line);
      }
    }
    if (!said && !given.isEmpty()) {
      next.add(SECTION);
      next.addAll(given);
    }
    write(String.join("\n", next) + "\n");
  }

  private void write(String text) throws ClientException {
    Path absolute = path.toAbsolutePath();
    Path folder = absolute.getParent() == null ? absolute : absolute.getParent();
    @Nullable Path made = null;
    try {
      if (!Files.isDirectory(folder)) {
        Files.createDirectories(folder, onlyTheUser(true));
      }
      made = Files.createTempFile(folder, "." + absolute.getFileName(), ".new", onlyTheUser(false));
      Files.writeString(made, text);
      Files.move(
          made, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      removeQuietly(made);
      throw new ClientException(path + " can not be written: " + PrintableText.line(e.toString()));
    }
  }

  private static void removeQuietly(@Nullable Path made) {
    try {
      if (made != null) {
        Files.deleteIfExists(made);
      }
    } catch (IOException _) {
      // the write that failed before says what is wrong
    }
  }

  private static FileAttribute<?>[] onlyTheUser(boolean folder) {
    if (!FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
      return new FileAttribute<?>[0];
    }
    Set<PosixFilePermission> permissions =
        PosixFilePermissions.fromString(folder ? "rwx------" : "rw-------");
    return new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)};
  }

  private List<String> lines() throws ClientException {
    try (InputStream in = Files.newInputStream(path)) {
      byte[] bytes = in.readNBytes(BYTES_MAX + 1);
      if (bytes.length > BYTES_MAX) {
        throw new ClientException(path + " is larger than " + BYTES_MAX + " bytes");
      }
      return new String(bytes, StandardCharsets.UTF_8).lines().toList();
    } catch (NoSuchFileException _) {
      return List.of();
    } catch (IOException e) {
      throw new ClientException(path + " can not be read: " + PrintableText.line(e.toString()));
    }
  }

  private static boolean isSection(String line) {
    String text = line.strip();
    return text.startsWith("[") && text.endsWith("]");
  }

  private static boolean isComment(String line) {
    String text = line.strip();
    return text.startsWith("#") || text.startsWith(";");
  }

  private static Optional<Variable> variable(String line) {
    int end = separator(line);
    return end < 0 || isComment(line)
        ? Optional.empty()
        : Variable.of(line.substring(0, end).strip().toUpperCase(Locale.ROOT));
  }

  private static String value(String line) {
    return line.substring(separator(line) + 1).strip();
  }

  private static int separator(String line) {
    for (int i = 0; i < line.length(); i++) {
      if (line.charAt(i) == '=' || line.charAt(i) == ':') {
        return i;
      }
    }
    return -1;
  }
}
