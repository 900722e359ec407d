package dev.loopgate.controller;

import static dev.loopgate.fleet.Kind.DEPLOYMENT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.StoreException;
import dev.loopgate.testkit.MemoryDeclaredStore;
import dev.loopgate.testkit.RecordedGateways;
import dev.loopgate.testkit.ScriptedHost;
import dev.loopgate.testkit.ScriptedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The controller on its own thread, in real time.
@Timeout(60)
final class ControllerTest {
  private static final long PAUSE_NANOS = 100_000;

  private final CountedStore store = new CountedStore(new MemoryDeclaredStore(new ManualClock()));
  private final ScriptedHost host = new ScriptedHost();
  private final ScriptedReader reader = new ScriptedReader();
  private final RecordedGateways gateways = new RecordedGateways();
  private final RecordedEvents events = new RecordedEvents();
  @TempDir private Path directory;
  private @Nullable Controller started;
  private Path said = Path.of("");

  @BeforeEach
  void start() throws IOException {
    said = directory.resolve("said");
    started =
        Controller.start(
            new Controller.Seams(store, host, reader, gateways),
            Scene.EDGE,
            said,
            new Controller.World(System::nanoTime, new Random(7), events));
  }

  private Controller controller() {
    return Objects.requireNonNull(started);
  }

  @AfterEach
  void close() throws InterruptedException {
    controller().close();
    assertThat(controllers()).isZero();
  }

  @Test
  void bringsAboutWhatIsDeclaredAsSoonAsItIsTold() throws Exception {
    store.create(DEPLOYMENT, "wine", Specs.scaled("i", 2, 2));

    await(() -> status("wine").equals("Ready 2/2 wine:1.0"));

    assertThat(controllers()).isEqualTo(1);
    assertThat(controller().cards()).containsOnlyKeys("wine");
    await(() -> Files.exists(said.resolve("wine.json")));
    store.mark(DEPLOYMENT, "wine", Scene.ANY);
    await(() -> status("wine").equals("gone"));
    await(() -> !Files.exists(said.resolve("wine.json")));
    assertThat(controller().cards()).isEmpty();
    assertThat(events.lines()).noneMatch(line -> line.startsWith("failed"));
  }

  @Test
  void manyWhoTellAtOnceMakeItDoNothingTwice() throws Exception {
    int count = 20;
    for (int i = 0; i < count; i++) {
      store.create(DEPLOYMENT, "m" + i, Specs.scaled("i", 1, 1));
    }
    Thread[] tellers = new Thread[4];
    for (int i = 0; i < tellers.length; i++) {
      tellers[i] = Thread.ofPlatform().name("teller").start(() -> host.storm(2_000));
    }
    for (int i = 0; i < count; i++) {
      String id = "m" + i;
      await(() -> status(id).equals("Ready 1/1 " + id + ":1.0"));
    }
    for (Thread teller : tellers) {
      teller.join();
    }

    assertThat(host.calls().values()).hasSize(2 * count).containsOnly(1);
    assertThat(store.writes()).doesNotHaveDuplicates();
  }

  @Test
  void closesWhileServersAndTheStoreAreWaitedFor() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch written = new CountDownLatch(1);
    CountDownLatch writing = new CountDownLatch(1);
    reader.hang(never);
    store.create(DEPLOYMENT, "wine", Specs.scaled("i", 1, 1));
    await(() -> reader.asked("wine") == 1 && status("wine").equals("Processing 1/1"));
    store.beforeNext(() -> {
      writing.countDown();
      awaitUninterrupted(written);
    });
    store.create(DEPLOYMENT, "beer", Specs.scaled("i", 1, 1));
    writing.await();
    Thread closer =
        Thread.ofPlatform()
            .name("closer")
            .start(() -> {
              try {
                controller().close();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    await(() -> controllers() == 0);
    assertThat(closer.join(Duration.ofMillis(50))).as("a write is under way").isFalse();
    host.callCount();
    written.countDown();
    assertThat(closer.join(Duration.ofSeconds(8))).as("who reads is interrupted").isTrue();

    store.create(DEPLOYMENT, "late", Specs.scaled("i", 1, 1));
    host.storm(10);
    assertThat(controller().cards()).isEmpty();
    assertThat(host.callCount()).isZero();
    assertThat(store.get(DEPLOYMENT, "beer").orElseThrow().version()).isGreaterThan(1);
  }

  private static void awaitUninterrupted(CountDownLatch latch) throws StoreException {
    try {
      if (!latch.await(30, TimeUnit.SECONDS)) {
        throw new StoreException("nobody went on", false, null);
      }
    } catch (InterruptedException e) {
      throw new StoreException("a write was interrupted", true, e);
    }
  }

  private String status(String id) {
    return store.get(DEPLOYMENT, id).map(Declared::status).map(Scene::shown).orElse("gone");
  }

  private static long controllers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("controller"))
        .count();
  }

  /// Until it is so, with the host going on meanwhile.
  private void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited 20 s; events=" + events.lines());
      }
      host.step();
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }
}
