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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What every store must do that a network lies before, through a proxy that spoils exchanges.
interface RemoteStoreContract extends SharedStoreContract {
  /// So often a client asks by itself before it gives up.
  int ATTEMPTS = 3;

  /// Between the store's client and its server.
  FaultProxy proxy();

  /// What a server says with this status and code, as its protocol has it.
  String error(int status, String code);

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
  default void severalUploadsWaitForTheirAnswersTogether() throws IOException {
    ready();
    int several = store().uploadsMax();
    List<Upload> uploads = new ArrayList<>();
    for (int i = 0; i < several; i++) {
      uploads.add(new Upload(ObjectStoreContract.keyOf(i), staged("a" + i, "one\n")));
    }
    CyclicBarrier together = new CyclicBarrier(several);
    AtomicInteger came = new AtomicInteger();
    proxy()
        .before(
            "",
            () -> {
              if (came.incrementAndGet() <= several) {
                meet(together);
              }
            });

    assertThat(store().publishAll(uploads))
        .hasSize(several)
        .containsOnly(new Upload.Known(PUBLISHED));
    assertThat(several).isGreaterThan(1);
  }

  private static void meet(CyclicBarrier together) {
    try {
      together.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      throw new IllegalStateException("the others did not come", e);
    }
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
  default void anAnswerThatEndsEarlyIsNoShorterObject() throws IOException {
    store().publish(KEY, staged("a", "one\n".repeat(1000)));
    proxy().spoil("GET", 8, Fault.of(Kind.ANSWER_CUT));

    assertThatThrownBy(this::read).isInstanceOf(IOException.class);
    proxy().heal();
    assertThat(read()).hasSize(4000);
  }

  /// Whatever is asked once, before the first file, is over.
  private void ready() throws IOException {
    ObjectKey first = new ObjectKey("ready");
    store().publish(first, staged("ready", "ready\n"));
    remove(first);
  }

  /// Takes an object away, as nobody of us ever does.
  void remove(ObjectKey key) throws IOException;

  private Publication publishUntilKnown(StagedFile file) throws IOException {
    return SharedStoreContract.untilKnown(store(), KEY, file);
  }
}
