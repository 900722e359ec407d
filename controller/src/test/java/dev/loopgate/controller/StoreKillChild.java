package dev.loopgate.controller;

import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeploymentSpec;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.StoreException;
import dev.loopgate.fleet.Written;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.Random;

/// A process that declares from several threads until it dies, and writes a line before each write
/// and one after it. Arguments: directory, seed, first number.
///
/// ```text
/// B <id> <image>             begun; the image is `-` for a deletion
/// A <id> <image> <version>   acknowledged
/// ```
final class StoreKillChild {
  static final int WRITERS = 3;
  private static final int IDS = 3;
  private static final OptionalLong ANY = OptionalLong.empty();

  private StoreKillChild() {}

  public static void main(String[] args) throws IOException {
    long seed = Long.parseLong(args[1]);
    PrintStream journal =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.US_ASCII);
    FileStore store =
        FileStore.open(
            Path.of(args[0]), () -> Instant.parse("2026-11-27T10:00:00Z"), new Random(seed));
    for (int writer = 0; writer < WRITERS; writer++) {
      Random random = new Random(seed * 31 + writer);
      String prefix = "w" + writer + "-";
      Thread.ofPlatform()
          .start(() -> declareForEver(store, random, prefix, journal, Long.parseLong(args[2])));
    }
    say(journal, "ready");
  }

  private static void declareForEver(
      FileStore store, Random random, String prefix, PrintStream journal, long first) {
    for (long i = first; ; i++) {
      String id = prefix + random.nextInt(IDS);
      String image = random.nextInt(5) == 0 ? "-" : "image" + i;
      try {
        boolean there = store.get(Kind.DEPLOYMENT, id).isPresent();
        if (image.equals("-") && !there) {
          continue;
        }
        say(journal, "B " + id + " " + image);
        Written<DeploymentSpec, DeploymentStatus> written = write(store, id, image, there);
        if (!(written instanceof Written.Kept<DeploymentSpec, DeploymentStatus>(var declared))) {
          throw new IllegalStateException(written.toString());
        }
        say(journal, "A " + id + " " + image + " " + declared.version());
        observe(store, random, declared, image);
      } catch (StoreException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static Written<DeploymentSpec, DeploymentStatus> write(
      FileStore store, String id, String image, boolean there) throws StoreException {
    if (image.equals("-")) {
      return store.delete(Kind.DEPLOYMENT, id, ANY);
    }
    DeploymentSpec spec = Specs.deployment(image);
    return there
        ? store.replace(Kind.DEPLOYMENT, id, spec, ANY)
        : store.create(Kind.DEPLOYMENT, id, spec);
  }

  /// Writes beside the journalled ones, of the same files.
  private static void observe(FileStore store, Random random, Declared<?, ?> declared, String image)
      throws StoreException {
    if (random.nextBoolean() && !image.equals("-")) {
      store.updateStatus(Kind.DEPLOYMENT, declared.id(), Specs.ready(random.nextInt(9)), ANY);
    }
  }

  private static void say(PrintStream journal, String line) {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.US_ASCII);
    journal.write(bytes, 0, bytes.length); // one write: lines of threads do not mix
  }
}
