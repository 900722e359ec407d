package dev.loopgate.spool;

import static dev.loopgate.capture.EntryKind.PREDICTION;

import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.TimeSource;
import dev.loopgate.testkit.MachineTime;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/// A process that appends from several lanes until it dies, and writes a line for whatever it was
/// promised. Arguments: spool directory, ring directory, seed, where to die (`never` is by the
/// parent).
final class KillChild {
  static final int LANES = 3;

  private KillChild() {}

  static SpoolConfig config(Path spool, Path rings) {
    return new SpoolConfig(
        spool,
        rings,
        16 << 20,
        4 << 20,
        4L << 30,
        0,
        LANES + 1,
        Duration.ofMillis(10),
        4 << 20,
        Duration.ofSeconds(10));
  }

  public static void main(String[] args) throws IOException {
    String where = args[3];
    PrintStream journal =
        new PrintStream(
            new java.io.FileOutputStream(java.io.FileDescriptor.out),
            false,
            StandardCharsets.US_ASCII);
    Disk disk =
        switch (where) {
          case "afterForce" -> new HaltingDisk(new FileDisk(), Integer.MAX_VALUE, 40);
          case "beforeWrite" -> new HaltingDisk(new FileDisk(), 40, Integer.MAX_VALUE);
          default -> new FileDisk();
        };
    TimeSource time = new MachineTime();
    Spool spool =
        Spool.open(
            config(Path.of(args[0]), Path.of(args[1])),
            time,
            new SpoolFixture.Heard(),
            disk,
            RingHost.LINUX,
            new Random(Long.parseLong(args[2])));
    spool.start();
    say(journal, "ready");
    for (int lane = 0; lane < LANES; lane++) {
      Random random = new Random(Long.parseLong(args[2]) * 31 + lane);
      String prefix = args[2] + "-" + lane + "-";
      Thread.ofPlatform().start(() -> appendForEver(spool, time, random, prefix, journal));
    }
    if (where.equals("openClaim") || where.equals("midCopy") || where.equals("midParts")) {
      dieInTheRing(spool, where, args[2]);
    }
  }

  private static void appendForEver(
      Spool spool, TimeSource time, Random random, String prefix, PrintStream journal) {
    SpoolLane lane = spool.openLane();
    int slot = spool.slotOf("d" + random.nextInt(3));
    for (long i = 0; ; i++) {
      String id = prefix + i;
      if (random.nextInt(20) == 0) {
        // Told on the writer's thread, after the force: what is written here was answered 200.
        Appended appended =
            lane.appendForced(
                Entries.feedback("f" + id, time.epochMillis()),
                slot,
                outcome -> {
                  if (outcome == ForceListener.Outcome.DURABLE) {
                    say(journal, "f" + id);
                  }
                });
        if (appended == Appended.ACCEPTED) {
          say(journal, "f" + id);
        }
        continue;
      }
      lane.begun(PREDICTION, slot, time.epochMillis());
      if (random.nextInt(50) == 0) {
        lane.sampledOut(PREDICTION, slot, time.epochMillis());
        continue;
      }
      int large = random.nextInt(200) == 0 ? 1 << 21 : 3000;
      Prediction prediction =
          Entries.prediction(
              "p" + id, time.epochMillis(), random.nextInt(2000), random.nextInt(large));
      switch (lane.append(prediction, slot)) {
        case ACCEPTED, ACCEPTED_WITHOUT_BODIES -> say(journal, "p" + id);
        case FULL, CLOSED -> Thread.onSpinWait();
      }
    }
  }

  // A claim as a lane makes it, and death in the middle of it.
  private static void dieInTheRing(Spool spool, String where, String seed) throws IOException {
    Random random = new Random(Long.parseLong(seed));
    while (spool.status().logged() < 50) {
      Thread.onSpinWait(); // the lanes are slow to begin on a busy machine
    }
    long until = System.nanoTime() + random.nextInt(300_000_000);
    while (System.nanoTime() < until) {
      Thread.onSpinWait();
    }
    Ring ring = spool.ringFile().ring();
    int parts = where.equals("midParts") ? 3 : 1;
    long claimed;
    do {
      claimed = ring.claim(parts, 5000, 400, 0);
    } while (claimed == Ring.FULL);
    if (where.equals("midCopy")) {
      long at = ring.payloadAt(ring.placeOf(claimed, 400));
      MemorySegment.copy(
          MemorySegment.ofBuffer(ByteBuffer.wrap(new byte[200])), 0, ring.memory(), at, 200);
    }
    if (where.equals("midParts")) {
      long second = ring.placeOf(ring.endOf(ring.placeOf(claimed, 5000), 5000), 5000);
      ring.commit(second, 5000);
    }
    // The other lanes go on behind the open claim, as they would.
    until = System.nanoTime() + 20_000_000;
    while (System.nanoTime() < until) {
      Thread.onSpinWait();
    }
    Runtime.getRuntime().halt(9);
  }

  private static void say(PrintStream journal, String line) {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.US_ASCII);
    synchronized (journal) {
      journal.write(bytes, 0, bytes.length); // unbuffered: a pipe keeps it when we die
    }
  }

  /// A disk before whose so manieth group, or after whose so manieth force the process is gone: not
  /// yet in the log, so the ring must have it; or in the log and not yet released in the ring.
  private record HaltingDisk(Disk disk, AtomicInteger groupsLeft, AtomicInteger forcesLeft)
      implements Disk {
    HaltingDisk(Disk disk, int groups, int forces) {
      this(disk, new AtomicInteger(groups), new AtomicInteger(forces));
    }

    @Override
    public DiskFile create(Path file) throws IOException {
      return halting(disk.create(file));
    }

    @Override
    public DiskFile open(Path file) throws IOException {
      return halting(disk.open(file));
    }

    @Override
    public DiskFile createPaged(Path file) throws IOException {
      return halting(disk.createPaged(file));
    }

    @Override
    public DiskFile openPaged(Path file) throws IOException {
      return halting(disk.openPaged(file));
    }

    @Override
    public DiskFile openToRead(Path file) throws IOException {
      return disk.openToRead(file);
    }

    private static boolean isWriter() {
      return Thread.currentThread().getName().equals("spool-writer");
    }

    private DiskFile halting(DiskFile file) {
      return new DiskFile() {
        @Override
        public long size() throws IOException {
          return file.size();
        }

        @Override
        public int read(ByteBuffer target, long offset) throws IOException {
          return file.read(target, offset);
        }

        @Override
        public void write(ByteBuffer source, long offset) throws IOException {
          boolean group = source.get(source.position()) != 0; // zeros are for the pool
          if (group && isWriter() && groupsLeft.decrementAndGet() == 0) {
            Runtime.getRuntime().halt(9);
          }
          file.write(source, offset);
        }

        @Override
        public void force() throws IOException {
          file.force();
          if (isWriter() && forcesLeft.decrementAndGet() == 0) {
            Runtime.getRuntime().halt(9);
          }
        }

        @Override
        public void truncate(long size) throws IOException {
          file.truncate(size);
        }

        @Override
        public void close() throws IOException {
          file.close();
        }
      };
    }

    @Override
    public boolean exists(Path path) throws IOException {
      return disk.exists(path);
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
      disk.createDirectory(directory);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
      return disk.list(directory);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
      disk.rename(from, to);
    }

    @Override
    public void delete(Path file) throws IOException {
      disk.delete(file);
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
      disk.forceDirectory(directory);
    }

    @Override
    public long writtenMillis(Path file) throws IOException {
      return disk.writtenMillis(file);
    }

    @Override
    public long freeBytes(Path directory) throws IOException {
      return disk.freeBytes(directory);
    }

    @Override
    public DiskLock lock(Path file) throws IOException {
      return disk.lock(file);
    }
  }
}
