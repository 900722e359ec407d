package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.testkit.ForwardReceiver;
import dev.loopgate.testkit.ForwardReceiver.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files as chunks for a receiver that takes nothing but what the specification says, and that
/// fails to acknowledge them in each way there is (row 15 of the fault matrix).
final class FluentdStoreTest {
  private static final ObjectKey KEY =
      new ObjectKey("feedback/m/1/year=2026/month=11/day=26/2026112620_0.json");

  @TempDir private Path directory;
  private ForwardReceiver receiver;
  private ObjectStore store;

  @BeforeEach
  void start() throws IOException {
    receiver = ForwardReceiver.start();
    store = open();
  }

  @AfterEach
  void stop() throws IOException {
    store.close();
    receiver.close();
    assertThat(receiver.refused()).isEmpty();
  }

  private ObjectStore open() throws IOException {
    return FluentdStore.open(
        new FluentdAddress("127.0.0.1", receiver.port(), false),
        directory.resolve("manifests"),
        "0123456789ab",
        null);
  }

  private StagedFile staged(String name, String lines) throws IOException {
    Path file = Files.writeString(store.staging().resolve(name), lines);
    Checksum checksum = Checksum.of(Files.readAllBytes(file));
    return new StagedFile(file, checksum.size(), checksum.crc32c(), "0123456789ab/" + name);
  }

  private StagedFile twoLines() throws IOException {
    return staged(
        "0-0",
        """
        {"request_id":"a","time":"2026-11-26 20:00:01 +0000"}
        {"request_id":"b","time":"2026-11-26 20:00:02 +0000"}
        """);
  }

  @Test
  void aFileIsOneChunkWithItsStreamAsTheTag() throws IOException {
    assertThat(store.publish(KEY, twoLines())).isEqualTo(Publication.PUBLISHED);
    assertThat(store.publish(KEY, staged("0-1", "{\"request_id\":\"c\"}\n")))
        .isEqualTo(Publication.PUBLISHED);

    assertThat(receiver.chunks()).hasSize(2);
    ForwardReceiver.Chunk first = receiver.chunks().getFirst();
    assertThat(first.tag()).isEqualTo("feedback");
    assertThat(first.events())
        .extracting(ForwardReceiver.Event::time)
        .containsExactly(
            Instant.parse("2026-11-26T20:00:01Z"), Instant.parse("2026-11-26T20:00:02Z"));
    assertThat(receiver.chunks().get(1).id()).isNotEqualTo(first.id());
    assertThat(store.isReadable()).isFalse();
    assertThat(store.list("feedback/")).isEmpty();
  }

  @Test
  void whatIsNotAcknowledgedComesAgainUnderTheSameId() throws IOException {
    for (Kind kind : List.of(Kind.ACK_LOST, Kind.WRONG_ACK, Kind.SPLIT_ACK)) {
      StagedFile file = staged("x-" + kind, "{\"kind\":\"" + kind + "\"}\n");
      int before = receiver.chunks().size();
      receiver.next(kind);

      assertThatThrownBy(() -> store.publish(KEY, file))
          .as(kind.name())
          .isInstanceOf(IOException.class)
          .isNotInstanceOf(StoreRefusedException.class)
          .hasMessageContaining("fluentd://127.0.0.1")
          .hasMessageContaining("not acknowledged");
      receiver.release();
      store.publish(KEY, file);

      List<ForwardReceiver.Chunk> chunks =
          receiver.chunks().subList(before, receiver.chunks().size());
      assertThat(chunks).as(kind.name()).hasSize(2);
      assertThat(chunks.get(1).id()).as(kind.name()).isEqualTo(chunks.get(0).id());
    }
  }

  @Test
  void anotherProcessSendsTheSameId() throws IOException {
    receiver.next(Kind.ACK_LOST);
    StagedFile file = twoLines();
    assertThatThrownBy(() -> store.publish(KEY, file)).isInstanceOf(IOException.class);
    store.close();
    store = open();

    store.publish(KEY, file);

    assertThat(receiver.chunks()).hasSize(2);
    assertThat(receiver.chunks().get(0).id()).isEqualTo(receiver.chunks().get(1).id());
  }

  @Test
  void anAcknowledgementThatComesLateCounts() throws Exception {
    receiver.next(Kind.LATE_ACK);
    StagedFile file = twoLines();
    CompletableFuture<Publication> published =
        CompletableFuture.supplyAsync(() -> {
          try {
            return store.publish(KEY, file);
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
    while (receiver.chunks().isEmpty()) {
      LockSupport.parkNanos(1_000_000);
    }
    assertThat(published).isNotDone();
    receiver.release();

    assertThat(published.get()).isEqualTo(Publication.PUBLISHED);
    assertThat(receiver.chunks()).hasSize(1);
  }

  @Test
  void aConnectionThatEndsInAChunkIsMadeAgain() throws IOException {
    String line = "{\"text\":\"" + "x".repeat(8 << 20) + "\"}\n"; // more than sockets hold
    StagedFile file = staged("0-0", line);
    receiver.next(Kind.CUT);
    assertThatThrownBy(() -> store.publish(KEY, file)).isInstanceOf(IOException.class);

    store.publish(KEY, file);

    assertThat(receiver.chunks()).hasSize(1);
    assertThat(receiver.chunks().getFirst().events().getFirst().json()).hasSize(line.length() - 1);
  }

  @Test
  void noReceiverIsAskedAgainAndNothingIsProven() throws IOException {
    receiver.close();

    assertThatThrownBy(() -> store.publish(KEY, twoLines()))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(StoreRefusedException.class)
        .hasMessageContaining("refused");
  }

  @Test
  void manifestsAreSentAndKeptHere() throws IOException {
    ObjectKey key = Manifest.key("0123456789ab", 494_242, 1);
    StagedFile manifest = staged("manifest-1", "{\"format\":1,\"hour\":\"x\"}\n");
    receiver.next(Kind.ACK_LOST);
    assertThatThrownBy(() -> store.publish(key, manifest)).isInstanceOf(IOException.class);

    assertThat(store.publish(key, manifest)).isEqualTo(Publication.PUBLISHED_BEFORE);

    ForwardReceiver.Chunk chunk = receiver.chunks().getLast();
    assertThat(chunk.tag()).isEqualTo("manifest");
    assertThat(chunk.events().getFirst().time()).isEqualTo(Instant.ofEpochSecond(494_242L * 3600));
    assertThat(store.list("_manifest/")).containsExactly(key);
    assertThat(store.open(key).readAllBytes()).isNotEmpty();
  }
}
