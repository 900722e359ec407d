package dev.loopgate.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.fleet.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LocalImagesTest {
  private static final Resources ANY = new Resources(null, null);
  private @TempDir Path root = Path.of("");

  @ParameterizedTest
  @CsvSource({"256Mi, -Xmx192m", "1Gi, -Xmx768m", "1Mi, -Xmx16m", "21Mi, -Xmx16m"})
  void runsAJarInThisJdkWithinItsMemory(String memory, String heap) throws Exception {
    Path jar = jar("models/wine.jar", true);
    Resources resources = new Resources(null, new Resources.Amounts(null, memory, null));

    List<String> command = images("").command("file:models/wine.jar", resources);

    assertThat(command)
        .containsSequence(heap, "-jar", jar.toString())
        .startsWith(Path.of(System.getProperty("java.home"), "bin", "java").toString())
        .contains("-XX:+UseSerialGC");
    assertThat(images("").command("file:" + jar, ANY))
        .endsWith("-jar", jar.toString())
        .noneMatch(word -> word.startsWith("-Xmx"));
  }

  @Test
  void saysWhatIsWrongWithAJarUntilItIsGood() throws Exception {
    refuses("file:wine.jar", "image: value=file:wine.jar is not there");
    Files.createDirectory(root.resolve("wine.jar"));
    refuses("file:wine.jar", "image: value=file:wine.jar can't be read, allowed=a readable file");
    Files.delete(root.resolve("wine.jar"));
    Files.writeString(root.resolve("wine.jar"), "no jar");
    refuses("file:wine.jar", "image: value=file:wine.jar is no jar, or not a whole one");
    Files.writeString(root.resolve("wine.jar"), "");
    refuses("file:wine.jar", "image: value=file:wine.jar is no jar, or not a whole one");
    jar("wine.jar", false);
    refuses(
        "file:wine.jar",
        "image: value=file:wine.jar has no Main-Class, allowed=a jar that can be run");
    jar("wine.jar", true);
    assertThat(images("").command("file:wine.jar", ANY)).isNotEmpty();
  }

  @Test
  void findsAProgramByItsPathOrOnThePath() throws Exception {
    Path program = program("bin/serve");
    Path hidden = Files.writeString(root.resolve("serve"), "not executable");

    assertThat(images(root + ":" + root.resolve("bin")).command("exec:serve 'a b' $c", ANY))
        .containsExactly(program.toString(), "a b", "$c");
    assertThat(images("").command("exec:" + program, ANY)).containsExactly(program.toString());
    String allowed = ", allowed=an executable file by its absolute path, or its name on the PATH";
    refuses("exec:" + hidden + " secret", "exec: program=" + hidden + allowed);
    refuses("exec:bin/serve", "exec: program=bin/serve" + allowed);
    refuses("exec:serve", "exec: program=serve" + allowed);
    refuses("exec:" + root, "exec: program=" + root + allowed);
    refuses("exec: ", "exec: nothing to run, allowed=exec:<program> <arguments>");
    refuses("exec:''", "exec: nothing to run, allowed=exec:<program> <arguments>");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "wine", "registry/wine:1", "file:wine", "docker:wine", "FILE:a.jar"})
  void leavesAnythingElseToOthers(String image) {
    refuses(
        image, "image: value=" + image + ", allowed=file:<path>.jar, exec:<program> <arguments>");
  }

  @Test
  void showsNoControlCharacters() {
    refuses("file:a\0\n.jar", "image: value=file:a\\u0000\\u000a.jar, allowed=a path");
    assertThatThrownBy(() -> images("").command("wine\u001b[2J", ANY))
        .hasMessageStartingWith("image: value=wine\\u001b[2J, allowed=");
  }

  private LocalImages images(String programs) {
    return new LocalImages(root, programs);
  }

  private void refuses(String image, String message) {
    assertThatThrownBy(() -> images(root.toString()).command(image, ANY))
        .isInstanceOf(ImageException.class)
        .hasMessage(message);
  }

  private Path program(String name) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n");
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }

  private Path jar(String name, boolean isRunnable) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    if (isRunnable) {
      manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, "a.B");
    }
    try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(file), manifest)) {
      jar.flush();
    }
    return file;
  }
}
