package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Shown;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The files of a host's replicas:
///
/// ```text
/// host.life                            which life of the host this is
/// <deployment>/<replica>/              a replica: see ModelProcess
/// <deployment>/logs/<replica>.log      the last words of replicas that are gone
/// ```
///
/// Any thread.
final class ReplicaFiles {
  /// Logs of replicas that are gone, kept for each deployment.
  static final int LOGS_MAX = 3;

  private static final String LIFE = "host.life";
  private static final String LOGS = "logs";
  private static final String LOG_SUFFIX = ".log";
  private static final List<String> LOG_FILES =
      List.of(
          ModelProcess.LOG + ".2", ModelProcess.LOG + ".1", ModelProcess.LOG); // the oldest first
  private static final int LAST_LINE_BYTES_MAX = 4096;
  private static final int LOG_BYTES_MAX = 1 << 26; // no caller gets more of a log at once

  private final Path models;

  ReplicaFiles(Path models) {
    this.models = models;
  }

  /// Begins a life, and returns its number, which no earlier one had, also none of those whose
  /// replicas are still here.
  ///
  /// @throws IOException when that can't be said for sure
  long beginLife() throws IOException {
    Files.createDirectories(models);
    Path file = models.resolve(LIFE);
    long before = 0;
    try {
      before = Long.parseLong(Files.readString(file).strip());
    } catch (NoSuchFileException _) {
      // the first one
    } catch (NumberFormatException e) {
      throw new IOException(file + " does not say which life this is, allowed=a number", e);
    }
    for (List<ReplicaName> left : found().values()) {
      before = left.stream().mapToLong(ReplicaName::life).reduce(before, Math::max);
    }
    Path next = models.resolve(LIFE + ".next");
    try (FileChannel out =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      out.write(UTF_8.encode((before + 1) + "\n"));
      out.force(true);
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    return before + 1;
  }

  /// Of which deployments something is here, with the replicas that have a directory, the oldest
  /// first.
  Map<String, List<ReplicaName>> found() throws IOException {
    Map<String, List<ReplicaName>> found = new TreeMap<>();
    for (Path each : list(models)) {
      String deployment = each.getFileName().toString();
      if (Model.ID.matcher(deployment).matches()) {
        List<ReplicaName> replicas = replicas(deployment);
        if (!replicas.isEmpty() || Files.isDirectory(each.resolve(LOGS))) {
          found.put(deployment, replicas);
        }
      }
    }
    return found;
  }

  /// The directory of a replica, which may not be there.
  Path directory(ReplicaName name) {
    return models.resolve(name.deployment()).resolve(name.toString());
  }

  /// The replica is gone: so is its directory, and of its words the last ones stay.
  void dispose(ReplicaName name) throws IOException {
    Path directory = directory(name);
    Path log = directory.resolve(LOG_FILES.getLast());
    Path logs = models.resolve(name.deployment()).resolve(LOGS);
    if (Files.isRegularFile(log) && Files.size(log) > 0) {
      Files.createDirectories(logs);
      Files.move(log, logs.resolve(name + LOG_SUFFIX), StandardCopyOption.REPLACE_EXISTING);
      List<ReplicaName> kept = logs(name.deployment());
      for (ReplicaName old : kept.subList(0, Math.max(0, kept.size() - LOGS_MAX))) {
        Files.deleteIfExists(logs.resolve(old + LOG_SUFFIX));
      }
    }
    delete(directory);
  }

  /// Nothing is to be left of the deployment, which has no replicas any more.
  void forget(String deployment) throws IOException {
    Path directory = models.resolve(deployment);
    delete(directory.resolve(LOGS));
    if (Files.isDirectory(directory) && list(directory).isEmpty()) {
      Files.deleteIfExists(directory);
    }
  }

  /// The last bytes of what the replicas of a deployment printed, the newest one's last; what is no
  /// UTF-8 is replaced.
  String log(String deployment, int bytesMax) {
    if (bytesMax < 0) {
      throw new IllegalArgumentException("bytesMax: value=" + bytesMax + ", allowed=0 up");
    }
    if (!Model.ID.matcher(deployment).matches()) {
      return ""; // it would become a path
    }
    try {
      TreeMap<ReplicaName, List<Path>> files = new TreeMap<>();
      Path logs = models.resolve(deployment).resolve(LOGS);
      for (ReplicaName name : logs(deployment)) {
        files.put(name, List.of(logs.resolve(name + LOG_SUFFIX)));
      }
      for (ReplicaName name : replicas(deployment)) {
        files.put(name, LOG_FILES.stream().map(directory(name)::resolve).toList());
      }
      return tail(
          files.values().stream().flatMap(List::stream).toList(),
          Math.min(bytesMax, LOG_BYTES_MAX));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The last line that the replica printed, as a message may show it; empty when there is none.
  String lastLine(ReplicaName name) {
    try {
      List<String> lines =
          tail(LOG_FILES.stream().map(directory(name)::resolve).toList(), LAST_LINE_BYTES_MAX)
              .lines()
              .filter(line -> !line.isBlank())
              .toList();
      return lines.isEmpty() ? "" : Shown.of(lines.getLast().strip());
    } catch (IOException _) {
      return ""; // it adds to a message that is good without it
    }
  }

  private List<ReplicaName> replicas(String deployment) throws IOException {
    return names(deployment, models.resolve(deployment), "");
  }

  private List<ReplicaName> logs(String deployment) throws IOException {
    return names(deployment, models.resolve(deployment).resolve(LOGS), LOG_SUFFIX);
  }

  private static List<ReplicaName> names(String deployment, Path directory, String suffix)
      throws IOException {
    return list(directory).stream()
        .map(file -> file.getFileName().toString())
        .filter(name -> name.endsWith(suffix))
        .map(name -> name.substring(0, name.length() - suffix.length()))
        .map(name -> ReplicaName.parse(deployment, name))
        .flatMap(Optional::stream)
        .sorted()
        .toList();
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (NoSuchFileException | NotDirectoryException _) {
      return List.of();
    }
  }

  /// @param files the oldest first; each may be gone at any time
  private static String tail(List<Path> files, int bytesMax) throws IOException {
    List<byte[]> parts = new ArrayList<>();
    int left = bytesMax;
    for (int i = files.size() - 1; i >= 0 && left > 0; i--) {
      byte[] part = tail(files.get(i), left);
      parts.addFirst(part);
      left -= part.length;
    }
    byte[] whole = new byte[bytesMax - left];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, whole, at, part.length);
      at += part.length;
    }
    int begin = 0;
    while (left == 0 && begin < whole.length && begin < 3 && (whole[begin] & 0xC0) == 0x80) {
      begin++; // the rest of a character that was cut
    }
    return new String(whole, begin, whole.length - begin, UTF_8);
  }

  private static byte[] tail(Path file, int bytesMax) throws IOException {
    try (FileChannel in = FileChannel.open(file)) {
      in.position(Math.max(0, in.size() - bytesMax));
      InputStream rest = Channels.newInputStream(in);
      return rest.readNBytes(bytesMax);
    } catch (NoSuchFileException _) {
      return new byte[0];
    }
  }

  /// Links are deleted and not followed.
  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
              throws IOException {
            Files.deleteIfExists(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
