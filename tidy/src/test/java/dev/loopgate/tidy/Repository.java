package dev.loopgate.tidy;

import static java.util.stream.Collectors.toCollection;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The files of this repository, as the tidy tests read them.
final class Repository {
  static final Path ROOT = Path.of(System.getProperty("loopgate.root", "..")).toAbsolutePath();

  private Repository() {}

  /// The open rooms: folders with a POM.
  static Set<String> rooms() {
    try (Stream<Path> folders = Files.list(ROOT)) {
      return folders
          .filter(folder -> Files.exists(folder.resolve("pom.xml")))
          .map(folder -> folder.getFileName().toString())
          .collect(toCollection(TreeSet::new));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The room's package: hyphens fall out.
  static String packageOf(String room) {
    return "dev.loopgate." + room.replace("-", "");
  }

  static Path mainSources(String room) {
    return ROOT.resolve(room).resolve("src/main/java");
  }

  /// Java files of `main` of all rooms.
  static List<Path> mainSources() {
    return rooms().stream().flatMap(room -> javaUnder(mainSources(room)).stream()).toList();
  }

  /// Java files of `main` of the rooms that run in a role: not the drivers of tests and benchmarks,
  /// nor the sample model, a program of its own.
  static List<Path> mainSourcesOfRoles() {
    return rooms().stream()
        .filter(room -> !List.of("testkit", "benchmarks", "examples").contains(room))
        .flatMap(room -> javaUnder(mainSources(room)).stream())
        .toList();
  }

  /// All Java files, tests too.
  static List<Path> allSources() {
    return rooms().stream()
        .flatMap(room -> javaUnder(ROOT.resolve(room).resolve("src")).stream())
        .toList();
  }

  static List<Path> javaUnder(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String read(String file) {
    return read(ROOT.resolve(file));
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The file as a message names it.
  static String shown(Path file) {
    return ROOT.relativize(file).toString();
  }

  /// Whether there is a test class of this name with this method, null being any.
  static boolean hasTest(String type, @Nullable String method) {
    return allSources().stream()
        .filter(file -> file.toString().contains("/src/test/"))
        .filter(file -> file.getFileName().toString().equals(type + ".java"))
        .anyMatch(file -> method == null || read(file).contains(" void " + method + "("));
  }
}
