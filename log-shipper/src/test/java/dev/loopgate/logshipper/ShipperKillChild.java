package dev.loopgate.logshipper;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.spool.Appended;
import dev.loopgate.spool.Spool;
import dev.loopgate.spool.SpoolLane;
import dev.loopgate.spool.SpoolReader;
import dev.loopgate.testkit.MachineTime;
import java.io.FileDescriptor;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/// A process that appends, writes a line for whatever was accepted, and ships until it dies.
/// Arguments: data directory, prefix of its ids, where to die, whether links are refused.
final class ShipperKillChild {
  /// How it ends where it was told to.
  static final int DEAD = 9;

  private static final int PREDICTIONS = 30;

  private ShipperKillChild() {}

  public static void main(String[] args) throws IOException {
    PrintStream journal =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.US_ASCII);
    RealSpool real = new RealSpool(Path.of(args[0]), new MachineTime(), new RecordedEvents());
    live(real, args[1], journal, args[2], Boolean.parseBoolean(args[3]));
    Runtime.getRuntime().halt(0);
  }

  /// Appends under this prefix, and ships all there is, or dies before.
  static void live(
      RealSpool real, String prefix, PrintStream journal, String where, boolean refusesLinks)
      throws IOException {
    HaltingTree tree = new HaltingTree(where, refusesLinks);
    try (Spool spool = real.open()) {
      spool.start();
      SpoolLane lane = spool.openLane();
      int slot = spool.slotOf("wine");
      String body = "x".repeat(40_000); // more than a segment of the log
      for (int i = 0; i < PREDICTIONS; i++) {
        long now = real.time().epochMillis();
        String id = prefix + i;
        lane.begun(EntryKind.PREDICTION, slot, now);
        Appended appended = lane.append(FakeLog.prediction(id, "m" + i % 3, "1", now, body), slot);
        if (appended == Appended.ACCEPTED || appended == Appended.ACCEPTED_WITHOUT_BODIES) {
          journal.println("p" + id);
        }
        if (i % 3 == 0
            && lane.appendForced(FakeLog.feedback(id, "m0", "1", now), slot, _ -> {})
                == Appended.ACCEPTED) {
          journal.println("f" + id);
        }
      }
      spool.closeIntake();
      while (spool.status().inRing() > 0) {
        Thread.onSpinWait();
      }
      ship(real, spool, tree);
    }
  }

  private static void ship(RealSpool real, Spool spool, HaltingTree tree) throws IOException {
    LogShipper.Surroundings around = real.around(spool, tree.watching(spool.reader()), tree);
    ShipperConfig config =
        real.config().withBytesMax(1 << 20, 300_000); // windows, files that split
    tree.arm();
    Shipping shipping = Shipping.open(config, around, tree, new SplittableRandom(1));
    while (!shipping.isDone()) {
      shipping.step(true);
    }
    shipping.close();
  }

  /// A file system at a named point of which the process is gone, before it or after it, or before
  /// the so manieth step of any kind.
  private static final class HaltingTree implements FileTree {
    private static final int PLANNED = 2;
    private static final int COMMITTED = 4;
    private static final int MANIFEST_PLANNED = 5;
    private static final int MANIFEST_ENDED = 6;

    private final FileTree tree = new LocalFileTree();
    private final String where;
    private final boolean refusesLinks;
    private boolean armed;
    private int steps;
    private int links;

    HaltingTree(String where, boolean refusesLinks) {
      this.where = where;
      this.refusesLinks = refusesLinks;
    }

    void arm() {
      armed = true;
    }

    private void at(String point) {
      if (armed && where.equals(point)) {
        Runtime.getRuntime().halt(DEAD);
      }
    }

    private void step() {
      if (armed) {
        at("step " + steps);
        steps++;
      }
    }

    private static boolean isStaged(Path file) {
      return file.toString().contains("/.staging/") && !isManifest(file);
    }

    private static boolean isManifest(Path file) {
      return file.toString().contains("manifest-");
    }

    private static boolean isCommitLog(Path file) {
      return file.toString().contains("/commit/");
    }

    private static String nameOf(int type) {
      return switch (type) {
        case PLANNED -> "plan";
        case COMMITTED -> "commit";
        case MANIFEST_PLANNED -> "manifest plan";
        case MANIFEST_ENDED -> "manifest end";
        default -> "snapshot";
      };
    }

    /// The same reader, which is gone around its release of what is committed.
    SpoolReader watching(SpoolReader reader) {
      return (SpoolReader)
          Proxy.newProxyInstance(
              SpoolReader.class.getClassLoader(),
              new Class<?>[] {SpoolReader.class},
              (_, method, arguments) -> {
                boolean releases = method.getName().equals("release");
                if (releases) {
                  at("before recycle");
                }
                try {
                  Object answer = method.invoke(reader, arguments);
                  if (releases) {
                    at("after recycle");
                  }
                  return answer;
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
    }

    @Override
    public NewFile create(Path file) throws IOException {
      step();
      if (isStaged(file)) {
        at("before stage");
      }
      NewFile made = tree.create(file);
      return new NewFile() {
        private int type;

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
          step();
          if (isStaged(file)) {
            tree(bytes, from, length / 2);
            at("mid stage");
            tree(bytes, from + length / 2, length - length / 2);
            return;
          }
          if (isCommitLog(file) && length > 8) {
            type = bytes[from + 8];
            at("before " + nameOf(type));
            tree(bytes, from, length / 2);
            at("mid " + nameOf(type));
            tree(bytes, from + length / 2, length - length / 2);
            return;
          }
          tree(bytes, from, length);
        }

        private void tree(byte[] bytes, int from, int length) throws IOException {
          made.write(bytes, from, length);
        }

        @Override
        public void force() throws IOException {
          step();
          made.force();
          if (isCommitLog(file)) {
            at("after " + nameOf(type));
          }
        }

        @Override
        public void close() throws IOException {
          made.close();
        }
      };
    }

    @Override
    public InputStream open(Path file) throws IOException {
      return tree.open(file);
    }

    @Override
    public boolean exists(Path path) throws IOException {
      return tree.exists(path);
    }

    @Override
    public boolean isDirectory(Path path) throws IOException {
      return tree.isDirectory(path);
    }

    @Override
    public long size(Path file) throws IOException {
      return tree.size(file);
    }

    @Override
    public boolean sameFile(Path one, Path other) throws IOException {
      return tree.sameFile(one, other);
    }

    @Override
    public void link(Path file, Path name) throws IOException {
      step();
      if (refusesLinks) {
        throw new LinksRefusedException(file, new FileNotFoundException("not supported"));
      }
      String what = isManifest(file) ? "manifest put" : "put";
      links++;
      at("before " + what);
      tree.link(file, name);
      at("after " + what);
      if (links == 2) {
        at("between puts");
      }
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
      step();
      tree.createDirectory(directory);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
      return tree.list(directory);
    }

    @Override
    public void delete(Path file) throws IOException {
      step();
      boolean cleans = isStaged(file) && tree.exists(file);
      if (cleans) {
        at("before unstage");
      }
      tree.delete(file);
      if (cleans) {
        at("after unstage");
      }
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
      step();
      tree.forceDirectory(directory);
      if (directory.toString().contains("/.staging/")) {
        at("after stage");
      }
    }
  }
}
