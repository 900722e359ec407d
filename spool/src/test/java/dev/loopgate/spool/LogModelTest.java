package dev.loopgate.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.spool.FaultyDisk.PowerCutException;
import dev.loopgate.spool.LogFixture.Read;
import dev.loopgate.spool.LogFixture.Told;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// The log against a list, on the strict disk: what was forced is always read back, at the same
/// place, with the same seq; nothing is invented; of a group in flight all or nothing.
class LogModelTest {
  private static final int SEEDS = Integer.getInteger("loopgate.seeds", 500);

  @Test
  void readsBackWhatWasForcedWhereverThePowerIsCut() {
    for (long seed = 0; seed < SEEDS; seed++) {
      new Model(seed, _ -> {}).run();
    }
  }

  @Test
  void readsBackWhatWasForcedWhicheverForceFails() {
    for (long seed = 0; seed < SEEDS; seed++) {
      new Model(seed, _ -> {}).faultyForces().run();
    }
  }

  @Test
  void readsBackWhatWasForcedWhicheverWriteFails() {
    for (long seed = 0; seed < SEEDS; seed++) {
      new Model(seed, _ -> {}).faultyWrites().run();
    }
  }

  @Test
  void cutsThePowerAtEachStepAndAtEachStepOfTheRecoveryThatFollows() {
    for (int step = 1; step < 10_000; step++) {
      for (int inside = 1; inside < 10_000; inside++) {
        Model model = new Model(step * 10_007L + inside, _ -> {}).fixed();
        boolean cut = model.runUntilCut(step);
        boolean cutInside = cut && model.recoverUntilCut(inside);
        model.verify();
        if (!cut) {
          assertThat(step).isGreaterThan(40);
          return;
        }
        if (!cutInside) {
          break;
        }
      }
    }
    throw new AssertionError("the work never ends");
  }

  @Test
  void isRedWhenDataIsNotForced() {
    assertThatThrownBy(() -> runAll(FaultyDisk::skipDataForces)).isInstanceOf(AssertionError.class);
  }

  @Test
  void isRedWhenDirectoriesAreNotForced() {
    assertThatThrownBy(() -> runAll(FaultyDisk::skipDirectoryForces))
        .isInstanceOf(AssertionError.class);
  }

  private static void runAll(Preparation preparation) {
    for (long seed = 0; seed < SEEDS; seed++) {
      new Model(seed, preparation).run();
    }
  }

  private interface Preparation {
    void prepare(FaultyDisk disk);
  }

  /// One spool's life over several processes' lives.
  private static final class Model {
    private final long seed;
    private final Random random;
    private final FaultyDisk disk;
    private final List<Read> known = new ArrayList<>(); // durable, where it was read
    private final List<String> durable = new ArrayList<>(); // by seq
    private List<String> inFlight = List.of();
    private LogPosition cursor = LogPosition.START;
    private long cursorSeq;
    private boolean failForces;
    private boolean failWrites;
    private boolean fixed;

    Model(long seed, Preparation preparation) {
      this.seed = seed;
      this.random = new Random(seed);
      this.disk = new FaultyDisk(random);
      preparation.prepare(disk);
    }

    Model faultyForces() {
      failForces = true;
      return this;
    }

    Model faultyWrites() {
      failWrites = true;
      return this;
    }

    private boolean isFaulty() {
      return failForces || failWrites;
    }

    Model fixed() {
      fixed = true;
      return this;
    }

    void run() {
      int lives = 2 + random.nextInt(3);
      for (int life = 0; life < lives; life++) {
        disk.failNothing(); // one failure a life: after two in a row nothing is promised
        if (failForces) {
          disk.failForceIn(1 + random.nextInt(12));
        }
        if (failWrites) {
          disk.failWriteIn(1 + random.nextInt(12));
        }
        if (random.nextInt(4) > 0) {
          disk.cutPowerIn(1 + random.nextInt(random.nextBoolean() ? 12 : 60));
        }
        live(1 + random.nextInt(10));
      }
      verify();
    }

    boolean runUntilCut(int step) {
      disk.cutPowerIn(step);
      return live(8);
    }

    boolean recoverUntilCut(int step) {
      disk.cutPowerIn(step);
      return live(0);
    }

    void verify() {
      disk.keepPower();
      assertThat(live(0)).as("seed=%d", seed).isFalse();
    }

    /// One process' life; true when the power was cut.
    private boolean live(int groups) {
      boolean cut = false;
      try {
        Log log = LogFixture.open(disk, new Told(), random);
        check(log);
        for (int i = 0; i < groups; i++) {
          appendGroup(log, i);
          if (random.nextInt(3) == 0) {
            log.fillPool();
          }
          if (random.nextInt(4) == 0) {
            release(log);
          }
        }
        check(log);
        if (random.nextBoolean()) {
          log.close();
        }
      } catch (IOException e) {
        if (!isFaulty()) {
          assertThat(isPowerCut(e)).as("seed=%d, %s", seed, e).isTrue();
        }
        cut = isPowerCut(e);
      }
      cut |= isOff();
      if (cut || (!isFaulty() && random.nextBoolean())) {
        disk.restart();
      } else {
        disk.kill();
      }
      return cut;
    }

    private boolean isOff() {
      try {
        disk.exists(LogFixture.SPOOL);
        return false;
      } catch (IOException _) {
        return true;
      }
    }

    private static boolean isPowerCut(Throwable e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof PowerCutException) {
          return true;
        }
      }
      return false;
    }

    private void appendGroup(Log log, int number) throws IOException {
      Group group = log.newGroup();
      group.begin(7);
      List<String> texts = new ArrayList<>();
      int count = fixed ? 1 + number % 3 : random.nextInt(4);
      for (int i = 0; i < count; i++) {
        int length = fixed ? 9_000 : random.nextInt(random.nextBoolean() ? 100 : 12_000);
        String text = (durable.size() + i) + "-" + seed + "-" + "x".repeat(length);
        if (add(group, text, number + i)) {
          texts.add(text);
        }
      }
      if (count == 0) {
        group.addMarker(5);
      }
      group.end(1);
      inFlight = texts;
      log.append(group, LogFixture.NO_SNAPSHOT);
      durable.addAll(texts);
      inFlight = List.of();
    }

    private boolean add(Group group, String text, int id) {
      boolean parts = fixed ? id % 3 == 2 : random.nextInt(4) == 0;
      String model = "model-" + id % 5;
      if (!parts) {
        return group.addEntry(EntryKind.PREDICTION, false, 5, model, "1", LogFixture.encoded(text));
      }
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      int half = bytes.length / 2;
      ByteBuffer first = ByteBuffer.wrap(bytes, 0, half);
      ByteBuffer second = ByteBuffer.wrap(bytes, half, bytes.length - half);
      Group.Part one = new Group.Part(id % 2, text.hashCode(), 0, 2, bytes.length);
      Group.Part two = new Group.Part(id % 2, text.hashCode(), 1, 2, bytes.length);
      int before = group.entries();
      return group.addPart(one, EntryKind.FEEDBACK, true, 5, model, "1", first)
          && group.addPart(two, EntryKind.FEEDBACK, true, 5, model, "1", second)
          && group.entries() == before + 1;
    }

    private void release(Log log) throws IOException {
      check(log);
      if (known.isEmpty()) {
        return;
      }
      Read last = known.get(random.nextInt(known.size()));
      boolean all = last.equals(known.getLast());
      LogPosition behind = all ? log.durableEnd() : last.next(); // a reader of all is at the end
      if (behind.compareTo(cursor) > 0) {
        cursor = behind;
        cursorSeq = last.seq() + 1;
        try (LogReader reader = log.reader(LogFixture::decode)) {
          reader.release(cursor);
        }
      }
    }

    private void check(Log log) throws IOException {
      List<Read> all = LogFixture.read(log, cursor);

      // What came before the cursor may be there or not; nothing of it is read again.
      assertThat(all).as("seed=%d", seed).allMatch(read -> read.seq() >= cursorSeq);
      if (all.size() > durable.size() - cursorSeq) {
        durable.addAll(inFlight);
      }
      inFlight = List.of();
      assertThat(all.stream().map(Read::text).map(LogModelTest::brief).toList())
          .as("seed=%d", seed)
          .isEqualTo(
              durable.subList((int) cursorSeq, durable.size()).stream()
                  .map(LogModelTest::brief)
                  .toList());
      for (int i = 0; i < all.size(); i++) {
        long seq = cursorSeq + i;
        assertThat(all.get(i).seq()).as("seed=%d", seed).isEqualTo(seq);
        if (seq < known.size()) {
          assertThat(all.get(i)).as("seed=%d", seed).isEqualTo(known.get((int) seq));
        } else {
          known.add(all.get(i));
        }
      }
      assertThat(LogFixture.notes(log)).as("seed=%d", seed).isEmpty();
      assertThat(log.nextSeq()).as("seed=%d", seed).isEqualTo(durable.size());
    }
  }

  private static String brief(String text) {
    return text.length() < 60 ? text : text.substring(0, 60) + "..." + text.hashCode();
  }
}
