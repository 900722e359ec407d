package dev.loopgate.logshipper;

import static dev.loopgate.logshipper.Publication.PUBLISHED;
import static dev.loopgate.logshipper.Publication.PUBLISHED_BEFORE;
import static dev.loopgate.logshipper.Publication.TAKEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.testkit.FaultProxy;
import dev.loopgate.testkit.FaultProxy.Fault;
import dev.loopgate.testkit.FaultProxy.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What every store must do that a network lies before, through a proxy that spoils exchanges.
interface RemoteStoreContract extends ObjectStoreContract {
  /// So often a client asks by itself before it gives up.
  int ATTEMPTS = 3;

  /// Between the store's client and its server.
  FaultProxy proxy();

  /// One more client of the same root.
  ObjectStore another() throws IOException;

  /// What a server says with this status and code, as its protocol has it.
  String error(int status, String code);

  @Override
  default StagedFile staged(String name, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    Path path = Files.write(store().staging().resolve(name), bytes);
    return new StagedFile(path, bytes.length, Checksum.of(bytes).crc32c(), "0123456789ab/" + name);
  }

  @Test
  default void anAnswerThatIsLostAfterTheObjectIsThereIsFoundAgain() throws IOException {
    ready();
    proxy().spoil("PUT", Fault.of(Kind.ANSWER_LOST));

    assertThat(publishUntilKnown(staged("a", "one\n"))).isNotEqualTo(TAKEN);
    assertThat(read()).isEqualTo("one\n");
  }

  @Test
  default void answersThatAreLostForGoodProveNothing() throws IOException {
    ready();
    proxy().spoil("PUT", ATTEMPTS, Fault.of(Kind.ANSWER_LOST));
    proxy().spoil("HEAD", ATTEMPTS, Fault.of(Kind.ANSWER_LOST));

    assertThat(publishUntilKnown(staged("a", "one\n"))).isEqualTo(PUBLISHED_BEFORE);
    assertThat(store().publish(KEY, staged("b", "two\n"))).isEqualTo(TAKEN);
    assertThat(read()).isEqualTo("one\n");
  }

  @Test
  default void aRequestThatIsCutLeavesNoPartOfAnObject() throws IOException {
    ready();
    proxy().spoil("PUT", ATTEMPTS, Fault.of(Kind.REQUEST_CUT));

    assertThat(publishUntilKnown(staged("a", "one\n"))).isEqualTo(PUBLISHED);
    assertThat(read()).isEqualTo("one\n");
  }

  @Test
  default void aBitThatIsFlippedOnTheWayIsNoticedAndSentAgain() throws IOException {
    ready();
    proxy().spoil("PUT", ATTEMPTS, Fault.of(Kind.BIT_FLIPPED));

    assertThat(publishUntilKnown(staged("a", "one\n"))).isEqualTo(PUBLISHED);
    assertThat(read()).isEqualTo("one\n");
  }

  @Test
  default void aFileThatIsNotWhatWasStagedIsRefusedByTheStore() throws IOException {
    ready();
    StagedFile file = staged("a", "one\n");
    Files.writeString(file.path(), "0ne\n");

    assertThatThrownBy(() -> store().publish(KEY, file)).isInstanceOf(IOException.class);
    assertThat(store().list("")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 409, 429, 500, 503})
  default void whatPassesIsAskedAgain(int status) throws IOException {
    ready();
    StagedFile file = staged("a", "one\n");
    proxy().spoil("PUT", ATTEMPTS, Fault.answered(status, error(status, "OfNoList")));

    assertThatThrownBy(() -> store().publish(KEY, file))
        .as("status=%d", status)
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(StoreRefusedException.class);
    proxy().heal();
    assertThat(publishUntilKnown(file)).isEqualTo(PUBLISHED);
  }

  @Test
  default void anUploadThatLandsAfterItWasGivenUpIsOursOrNothing() throws IOException {
    ready();
    proxy().spoil("PUT", ATTEMPTS, Fault.of(Kind.HELD));
    StagedFile file = staged("a", "one\n");

    assertThat(publishUntilKnown(file)).isEqualTo(PUBLISHED);
    assertThat(proxy().land()).noneMatch(answer -> answer.startsWith("HTTP/1.1 2"));

    assertThat(store().publish(KEY, file)).isEqualTo(PUBLISHED_BEFORE);
    assertThat(store().list("")).containsExactly(KEY);
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
  default void anAnswerThatEndsEarlyIsNoShorterObject() throws IOException {
    store().publish(KEY, staged("a", "one\n".repeat(1000)));
    proxy().spoil("GET", 8, Fault.of(Kind.ANSWER_CUT));

    assertThatThrownBy(this::read).isInstanceOf(IOException.class);
    proxy().heal();
    assertThat(read()).hasSize(4000);
  }

  @Test
  default void theMakerOfAnObjectIsKeptBesideIt() throws IOException {
    store().publish(KEY, staged("a", "one\n"));

    assertThat(store().makerOf(KEY)).contains("0123456789ab");
    assertThat(store().makerOf(new ObjectKey("none"))).isEmpty();
  }

  /// Whatever is asked once, before the first file, is over.
  private void ready() throws IOException {
    ObjectKey first = new ObjectKey("ready");
    store().publish(first, staged("ready", "ready\n"));
    remove(first);
  }

  /// Takes an object away, as nobody of us ever does.
  void remove(ObjectKey key) throws IOException;

  private String read() throws IOException {
    try (InputStream in = store().open(KEY)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private Publication publishUntilKnown(StagedFile file) throws IOException {
    return untilKnown(store(), KEY, file);
  }

  private static Publication untilKnown(ObjectStore store, ObjectKey key, StagedFile file)
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
