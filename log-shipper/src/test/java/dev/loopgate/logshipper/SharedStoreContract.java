package dev.loopgate.logshipper;

import static dev.loopgate.logshipper.Publication.PUBLISHED;
import static dev.loopgate.logshipper.Publication.PUBLISHED_BEFORE;
import static dev.loopgate.logshipper.Publication.TAKEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/// What every store must do that several gateways share and that keeps beside an object whose it
/// is.
interface SharedStoreContract extends ObjectStoreContract {
  /// One more client of the same root.
  ObjectStore another() throws IOException;

  @Override
  default StagedFile staged(String name, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    Path path = Files.write(store().staging().resolve(name), bytes);
    return new StagedFile(path, bytes.length, Checksum.of(bytes).crc32c(), "0123456789ab/" + name);
  }

  @Test
  default void aFileThatIsNotWhatWasStagedIsRefusedByTheStore() throws IOException {
    StagedFile file = staged("a", "one\n");
    Files.writeString(file.path(), "0ne\n");

    assertThatThrownBy(() -> store().publish(KEY, file)).isInstanceOf(IOException.class);
    assertThat(store().list("")).isEmpty();
  }

  @Test
  default void otherBytesUnderTheSameOwnerParkTheSink() throws IOException {
    store().publish(KEY, staged("a", "one\n"));
    StagedFile longer = staged("a", "other\n");
    assertThatThrownBy(() -> store().publish(KEY, longer))
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageContaining(KEY.path())
        .hasMessageContaining("size=4");

    StagedFile altered = staged("a", "0ne\n");
    assertThatThrownBy(() -> store().publish(KEY, altered))
        .isInstanceOf(StoreRefusedException.class);
    assertThat(read()).isEqualTo("one\n");
  }

  @Test
  default void aLargeFileAppearsWhole() throws IOException {
    byte[] bytes = new byte[(11 << 20) + 3];
    new Random(1).nextBytes(bytes);
    Path path = Files.write(store().staging().resolve("large"), bytes);
    StagedFile file =
        new StagedFile(path, bytes.length, Checksum.of(bytes).crc32c(), "0123456789ab/large");

    assertThat(store().publish(KEY, file)).isEqualTo(PUBLISHED);
    assertThat(store().publish(KEY, file)).isEqualTo(PUBLISHED_BEFORE);
    assertThat(store().publish(KEY, staged("other", "other\n"))).isEqualTo(TAKEN);
    try (InputStream in = store().open(KEY)) {
      assertThat(Checksum.of(in)).isEqualTo(Checksum.of(bytes));
    }
  }

  @Test
  default void takesFilesAsFarAsItCanBeKnownBefore() throws IOException {
    store().prove();
    store().prove();
    another().prove();

    assertThat(store().list("")).isEmpty();
  }

  @Test
  default void ofEightWritersOneHasTheKey() throws Exception {
    for (int round = 0; round < 5; round++) {
      ObjectKey key = new ObjectKey(KEY.path().replace("_0", "_" + round));
      CountDownLatch all = new CountDownLatch(8);
      List<FutureTask<Publication>> writers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        ObjectStore store = another();
        StagedFile file = staged("of-" + i, "line " + i + "\n");
        writers.add(
            new FutureTask<>(() -> {
              all.countDown();
              all.await();
              return untilKnown(store, key, file);
            }));
      }
      writers.forEach(writer -> Thread.ofVirtual().name("writer").start(writer));
      List<Publication> answers = new ArrayList<>();
      for (FutureTask<Publication> writer : writers) {
        answers.add(writer.get());
      }

      assertThat(answers.stream().filter(answer -> answer != TAKEN))
          .as("round=%d, answers=%s", round, answers)
          .hasSize(1);
    }
  }

  @Test
  default void listsMoreThanOnePage() throws IOException {
    List<ObjectKey> keys = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      keys.add(new ObjectKey(KEY.path().replace("_0", "_" + i)));
      store().publish(keys.getLast(), staged("a" + i, i + "\n"));
    }

    assertThat(store().list("")).containsExactlyInAnyOrderElementsOf(keys);
    assertThat(store().list("feedback/wine/")).containsExactlyInAnyOrderElementsOf(keys);
  }

  @Test
  default void theMakerOfAnObjectIsKeptBesideIt() throws IOException {
    store().publish(KEY, staged("a", "one\n"));

    assertThat(store().makerOf(KEY)).contains("0123456789ab");
    assertThat(store().makerOf(new ObjectKey("none"))).isEmpty();
  }

  /// What stands under the key.
  default String read() throws IOException {
    try (InputStream in = store().open(KEY)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  static Publication untilKnown(ObjectStore store, ObjectKey key, StagedFile file)
      throws IOException {
    IOException last = new IOException("never asked");
    for (int i = 0; i < 10; i++) {
      try {
        return store.publish(key, file);
      } catch (StoreRefusedException e) {
        throw e;
      } catch (IOException e) {
        last = e;
      }
    }
    throw last;
  }
}
