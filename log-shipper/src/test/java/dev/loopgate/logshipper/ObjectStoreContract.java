package dev.loopgate.logshipper;

import static dev.loopgate.logshipper.Publication.PUBLISHED;
import static dev.loopgate.logshipper.Publication.PUBLISHED_BEFORE;
import static dev.loopgate.logshipper.Publication.TAKEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What every store must do.
interface ObjectStoreContract {
  /// Keys of one hour of one model.
  ObjectKey KEY = new ObjectKey("feedback/wine/1/year=2026/month=11/day=24/2026112410_0.json");

  /// The store, the same in one test.
  ObjectStore store() throws IOException;

  /// A file staged under this name with these bytes, made when absent.
  StagedFile staged(String name, String text) throws IOException;

  @Test
  default void whatWasPublishedIsThere() throws IOException {
    assertThat(store().publish(KEY, staged("a", "one\n"))).isEqualTo(PUBLISHED);

    try (InputStream in = store().open(KEY)) {
      assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("one\n");
    }
  }

  @Test
  default void aLostAnswerIsRecognisedAsOurOwnFile() throws IOException {
    store().publish(KEY, staged("a", "one\n"));

    assertThat(store().publish(KEY, staged("a", "one\n"))).isEqualTo(PUBLISHED_BEFORE);
  }

  @Test
  default void theFileOfAnotherOwnerIsNeverReplaced() throws IOException {
    store().publish(KEY, staged("a", "one\n"));

    assertThat(store().publish(KEY, staged("b", "two\n"))).isEqualTo(TAKEN);

    try (InputStream in = store().open(KEY)) {
      assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("one\n");
    }
  }

  @Test
  default void equalBytesOfAnotherOwnerAreNotOurs() throws IOException {
    store().publish(KEY, staged("a", "one\n"));

    assertThat(store().publish(KEY, staged("b", "one\n"))).isEqualTo(TAKEN);
  }

  @Test
  default void eachOfSeveralHasAnOutcomeOfItsOwn() throws IOException {
    store().publish(keyOf(0), staged("a", "one\n"));
    store().publish(keyOf(3), staged("a3", "one\n"));
    StagedFile there = staged("there", "three\n");
    StagedFile lost =
        new StagedFile(
            there.path().resolveSibling("lost"), there.size(), there.crc32c(), there.owner());

    List<Upload.Outcome> outcomes =
        store()
            .publishAll(
                List.of(
                    new Upload(keyOf(0), staged("a", "one\n")),
                    new Upload(keyOf(1), lost),
                    new Upload(keyOf(2), staged("b", "two\n")),
                    new Upload(keyOf(3), staged("c", "one\n"))));

    assertThat(outcomes).hasSize(4).element(1).isInstanceOf(Upload.Unknown.class);
    assertThat(outcomes).element(0).isEqualTo(new Upload.Known(PUBLISHED_BEFORE));
    assertThat(outcomes).element(2).isEqualTo(new Upload.Known(PUBLISHED));
    assertThat(outcomes).element(3).isEqualTo(new Upload.Known(TAKEN));
    assertThat(store().list("")).contains(keyOf(0), keyOf(2));
  }

  /// One of several keys of one hour of one model.
  static ObjectKey keyOf(int number) {
    return new ObjectKey(KEY.path().replace("_0", "_" + number));
  }

  @Test
  default void listsWhatBeginsWithThePrefix() throws IOException {
    ObjectKey other = new ObjectKey("feedback/wine/1/year=2026/month=11/day=24/2026112411_0.json");
    store().publish(KEY, staged("a", "one\n"));
    store().publish(other, staged("b", "two\n"));

    assertThat(store().list("feedback/wine/1/year=2026/month=11/day=24/2026112410_"))
        .containsExactly(KEY);
    assertThat(store().list("")).containsExactlyInAnyOrder(KEY, other);
    assertThat(store().list("feedback/none/")).isEmpty();
  }

  @Test
  default void whatIsNotThereSaysSo() throws IOException {
    ObjectStore store = store();

    assertThatThrownBy(() -> store.open(KEY)).isInstanceOf(NoSuchFileException.class);
  }
}
