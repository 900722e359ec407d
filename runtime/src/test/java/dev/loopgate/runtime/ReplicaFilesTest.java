package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReplicaFilesTest {
  private @TempDir Path root = Path.of("");
  private ReplicaFiles files = new ReplicaFiles(root);

  @BeforeEach
  void open() {
    files = new ReplicaFiles(root.resolve("models"));
  }

  @Test
  void eachLifeHasANumberOfItsOwn() throws Exception {
    assertThat(files.beginLife()).isEqualTo(1);
    assertThat(files.beginLife()).isEqualTo(2);
    assertThat(new ReplicaFiles(root.resolve("models")).beginLife()).isEqualTo(3);
    Files.delete(root.resolve("models/host.life"));
    Files.createDirectories(files.directory(name(7, 1)));
    assertThat(files.beginLife()).isEqualTo(8);
    Files.writeString(root.resolve("models/host.life"), "three");
    assertThatThrownBy(files::beginLife)
        .isInstanceOf(IOException.class)
        .hasMessageEndingWith("host.life does not say which life this is, allowed=a number");
  }

  @Test
  void findsReplicasAndLogsAndNothingElse() throws Exception {
    files.beginLife();
    assertThat(files.found()).isEmpty();
    for (String name :
        List.of(
            "wine/wine-2-10",
            "wine/wine-2-9",
            "wine/wine-1-11",
            "wine/work",
            "wine/wine-0-1",
            "wine/wine-1-1x",
            "wine/beer-1-1",
            "beer/logs",
            "sample/work",
            "Odd/Odd-1-1")) {
      Files.createDirectories(root.resolve("models").resolve(name));
    }

    assertThat(files.found())
        .isEqualTo(
            Map.of("wine", List.of(name(1, 11), name(2, 9), name(2, 10)), "beer", List.of()));
  }

  @Test
  void keepsTheLastWordsOfThoseThatAreGone() throws Exception {
    for (int number = 8; number <= 12; number++) {
      print(name(1, number), "model.log", "of " + number + "\n");
      Path deep = files.directory(name(1, number)).resolve("work/a/b");
      Files.createDirectories(deep);
      Files.createSymbolicLink(deep.resolve("link"), root);
      files.dispose(name(1, number));
      assertThat(files.directory(name(1, number))).doesNotExist();
    }
    files.dispose(name(1, 13)); // printed nothing, was never there

    assertThat(files.log("wine", 1000)).isEqualTo("of 10\nof 11\nof 12\n");
    assertThat(root).as("links are not followed").isNotEmptyDirectory();
    files.forget("wine");
    assertThat(root.resolve("models/wine")).doesNotExist();
    assertThat(files.log("wine", 1000)).isEmpty();
  }

  @Test
  void leavesWhatIsNotItsOwn() throws Exception {
    Path other = root.resolve("models/wine/work");
    Files.createDirectories(other);
    files.forget("wine");
    files.forget("beer");
    assertThat(other).exists();
  }

  @Test
  void showsTheEndOfAllLogsTheNewestReplicaLast() throws Exception {
    print(name(1, 9), "model.log.2", "a");
    print(name(1, 9), "model.log.1", "b");
    print(name(1, 9), "model.log", "c");
    print(name(1, 10), "model.log", "d\u00e9e");

    assertThat(files.log("wine", 1000)).isEqualTo("abcd\u00e9e");
    assertThat(files.log("wine", 5)).isEqualTo("cd\u00e9e");
    assertThat(files.log("wine", 3)).isEqualTo("\u00e9e");
    assertThat(files.log("wine", 2)).as("no half a character").isEqualTo("e");
    assertThat(files.log("wine", 0)).isEmpty();
    assertThat(files.log("beer", 9)).isEmpty();
    assertThat(files.log("../wine", 9)).isEmpty();
    assertThatThrownBy(() -> files.log("wine", -1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void findsTheLastLineAsAMessageMayShowIt() throws Exception {
    assertThat(files.lastLine(name(1, 1))).isEmpty();
    print(name(1, 1), "model.log.1", "first\n");
    assertThat(files.lastLine(name(1, 1))).isEqualTo("first");
    print(name(1, 1), "model.log", "a\nb\u001b[31m \n\n \n");
    assertThat(files.lastLine(name(1, 1))).isEqualTo("b\\u001b[31m");
    print(name(1, 1), "model.log", "x".repeat(100_000));
    assertThat(files.lastLine(name(1, 1))).hasSizeLessThan(300).endsWith("xx...");
  }

  private void print(ReplicaName name, String file, String text) throws IOException {
    Files.createDirectories(files.directory(name));
    Files.write(files.directory(name).resolve(file), text.getBytes(UTF_8));
  }

  private static ReplicaName name(long life, long number) {
    return new ReplicaName("wine", life, number);
  }
}
