package dev.loopgate.runtime;

import dev.loopgate.fleet.Resources;
import dev.loopgate.fleet.Shown;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/// What is run here for an image: `file:<path>.jar` or `exec:<program> <arguments>`. Any thread.
final class LocalImages {
  private static final String FILE = "file:";
  private static final String EXEC = "exec:";
  private static final String JAR = ".jar";
  private static final long MEBI = 1 << 20;
  private static final long HEAP_MIN = 16 * MEBI; // a JVM needs that to say what it lacks

  // A small server that is up in a moment.
  private static final List<String> JVM =
      List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-CreateCoredumpOnCrash");

  private final Path root;
  private final String programs;

  /// @param root where relative paths of files begin
  /// @param programs where names of programs are looked for, as `PATH` says it
  LocalImages(Path root, String programs) {
    this.root = root.toAbsolutePath();
    this.programs = programs;
  }

  /// Whether an image written so is a file or a program of this machine.
  static boolean isLocal(String image) {
    return image.startsWith(FILE) || image.startsWith(EXEC);
  }

  /// Program and arguments.
  ///
  /// @throws ImageException when there is nothing to be run now; that may change
  List<String> command(String image, Resources resources) throws ImageException {
    try {
      if (image.startsWith(FILE) && image.endsWith(JAR)) {
        return ofJar(image, root.resolve(image.substring(FILE.length())).normalize(), resources);
      }
      if (image.startsWith(EXEC)) {
        return ofProgram(image);
      }
    } catch (InvalidPathException _) {
      throw new ImageException("image: value=" + Shown.of(image) + ", allowed=a path");
    }
    throw new ImageException(
        "image: value="
            + Shown.of(image)
            + ", allowed=file:<path>.jar, exec:<program> <arguments>");
  }

  private static List<String> ofJar(String image, Path jar, Resources resources)
      throws ImageException {
    String shown = "image: value=" + Shown.of(image);
    if (!Files.exists(jar)) {
      throw new ImageException(shown + " is not there");
    }
    if (!Files.isRegularFile(jar) || !Files.isReadable(jar)) {
      throw new ImageException(shown + " can't be read, allowed=a readable file");
    }
    if (mainClass(shown, jar) == null) {
      throw new ImageException(shown + " has no Main-Class, allowed=a jar that can be run");
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(JVM);
    OptionalLong memory = resources.memoryBytesMax();
    if (memory.isPresent()) {
      command.add("-Xmx" + heapBytes(memory.getAsLong()) / MEBI + "m");
    }
    command.add("-jar");
    command.add(jar.toString());
    return command;
  }

  /// A quarter is left for what is no heap.
  private static long heapBytes(long memory) {
    return Math.max(HEAP_MIN, memory - memory / 4);
  }

  private static @Nullable String mainClass(String shown, Path jar) throws ImageException {
    try (JarFile opened = new JarFile(jar.toFile())) {
      Manifest manifest = opened.getManifest();
      return manifest == null
          ? null
          : manifest.getMainAttributes().getValue(Attributes.Name.MAIN_CLASS);
    } catch (ZipException _) {
      throw new ImageException(shown + " is no jar, or not a whole one");
    } catch (IOException e) {
      throw new ImageException(shown + " can't be read: " + e.getClass().getSimpleName());
    }
  }

  /// Arguments may hold what is nobody's to read, so only the program is shown.
  private List<String> ofProgram(String image) throws ImageException {
    List<String> words = ArgumentWords.of(image.substring(EXEC.length()));
    if (words.isEmpty() || words.getFirst().isEmpty()) {
      throw new ImageException("exec: nothing to run, allowed=exec:<program> <arguments>");
    }
    List<String> command = new ArrayList<>(words);
    command.set(0, program(words.getFirst()).toString());
    return command;
  }

  private Path program(String word) throws ImageException {
    if (word.indexOf('/') < 0) {
      for (String each : programs.split(File.pathSeparator, -1)) {
        Path directory = Path.of(each);
        if (directory.isAbsolute() && isProgram(directory.resolve(word))) {
          return directory.resolve(word);
        }
      }
    } else if (Path.of(word).isAbsolute() && isProgram(Path.of(word))) {
      return Path.of(word);
    }
    throw new ImageException(
        "exec: program="
            + Shown.of(word)
            + ", allowed=an executable file by its absolute path, or its name on the PATH");
  }

  private static boolean isProgram(Path file) {
    return Files.isRegularFile(file) && Files.isExecutable(file);
  }
}
