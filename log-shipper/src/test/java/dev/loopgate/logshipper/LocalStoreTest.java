package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LocalStoreTest implements ObjectStoreContract {
  @TempDir Path root;

  @Override
  public ObjectStore store() throws IOException {
    return LocalStore.open(root.resolve("files"), "0123456789ab");
  }

  @Override
  public StagedFile staged(String name, String text) throws IOException {
    Path path = store().staging().resolve(name);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (!Files.exists(path)) {
      Files.write(path, bytes);
    }
    return new StagedFile(path, bytes.length, Checksum.of(bytes).crc32c(), name);
  }

  @Test
  void filesAreReadableByTheUmask() throws IOException {
    store().publish(KEY, staged("a", "one\n"));

    assertThat(Files.getPosixFilePermissions(root.resolve("files").resolve(KEY.path())))
        .contains(PosixFilePermission.OWNER_READ)
        .isEqualTo(Files.getPosixFilePermissions(Files.createFile(root.resolve("plain"))));
  }

  @Test
  void ofEightWritersOneHasTheKey() throws Exception {
    CountDownLatch all = new CountDownLatch(8);
    List<FutureTask<Publication>> writers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      LocalStore store = LocalStore.open(root.resolve("files"), "00000000000" + i);
      Path path = Files.writeString(store.staging().resolve("a"), "line\n");
      StagedFile file =
          new StagedFile(path, 5, Checksum.of(Files.readAllBytes(path)).crc32c(), "a");
      writers.add(
          new FutureTask<>(() -> {
            all.countDown();
            all.await();
            return store.publish(KEY, file);
          }));
    }
    writers.forEach(writer -> Thread.ofVirtual().name("writer").start(writer));
    List<Publication> answers = new ArrayList<>();
    for (FutureTask<Publication> writer : writers) {
      answers.add(writer.get());
    }

    assertThat(answers.stream().filter(answer -> answer != Publication.TAKEN))
        .as("answers=%s", answers)
        .hasSize(1);
  }

  /// The strict fakes keep the same contract.
  @Nested
  final class Memory implements ObjectStoreContract {
    private final FaultyTree tree = new FaultyTree(new Random(1), Path.of("/staging"));
    private final MemoryStore store =
        new MemoryStore(new MemoryStore.Bucket(), tree, Path.of("/staging"), new Random(1));

    @Override
    public ObjectStore store() {
      return store;
    }

    @Override
    public StagedFile staged(String name, String text) throws IOException {
      return stagedIn(tree, Path.of("/staging"), name, text);
    }
  }

  /// A directory where links are refused.
  @Nested
  final class WithoutLinks implements ObjectStoreContract {
    private final FaultyTree tree = new FaultyTree(new Random(1), Path.of("/"));
    private @Nullable LocalStore store;

    @Override
    public ObjectStore store() throws IOException {
      LocalStore open = store;
      if (open == null) {
        tree.refuseLinks();
        open = LocalStore.open(tree, Path.of("/files"), "0123456789ab");
        store = open;
      }
      return open;
    }

    @Override
    public StagedFile staged(String name, String text) throws IOException {
      return stagedIn(tree, store().staging(), name, text);
    }
  }

  private static StagedFile stagedIn(FaultyTree tree, Path staging, String name, String text)
      throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    Path path = staging.resolve(name);
    if (!tree.exists(path)) {
      try (FileTree.NewFile file = tree.create(path)) {
        file.write(bytes, 0, bytes.length);
        file.force();
      }
    }
    return new StagedFile(path, bytes.length, Checksum.of(bytes).crc32c(), name);
  }
}
