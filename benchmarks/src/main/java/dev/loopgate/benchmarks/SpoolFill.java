package dev.loopgate.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.loopgate.capture.Body;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.RequestId;
import dev.loopgate.capture.Target;
import dev.loopgate.capture.Timing;
import dev.loopgate.spool.Appended;
import dev.loopgate.spool.Spool;
import dev.loopgate.spool.SpoolConfig;
import dev.loopgate.spool.SpoolEvents;
import dev.loopgate.spool.SpoolException;
import dev.loopgate.spool.SpoolLane;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/// Leaves a data directory whose spool holds predictions that nobody has shipped, for
/// `./benchmarks/shipping`. No two bodies are alike; models take turns, so each partition gets as
/// many.
public final class SpoolFill {
  private static final int BODY_BYTES = 1 << 10;
  private static final int LOOK_EVERY = 64; // entries, far less than half a ring
  private static final long NANOS = 200_000;
  private static final SystemTime CLOCK = new SystemTime();

  private final SplittableRandom random = new SplittableRandom(7);
  private final Prediction like = Samples.prediction(BODY_BYTES);
  private final long now = CLOCK.epochMillis();

  private SpoolFill() {}

  /// @param arguments the data directory, how many predictions, of how many models
  static void main(String[] arguments) throws IOException, SpoolException {
    Path spool = Path.of(arguments[0], "spool");
    new SpoolFill().fill(spool, Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
  }

  private void fill(Path directory, int entries, int models) throws IOException, SpoolException {
    try (Spool spool = Spool.open(SpoolConfig.in(directory), CLOCK, SpoolEvents.SILENT)) {
      spool.start();
      SpoolLane lane = spool.openLane();
      int slot = spool.slotOf("wine");
      for (int i = 0; i < entries; i++) {
        while (i % LOOK_EVERY == 0
            && spool.status().ringBytesUsed() > spool.status().ringBytes() / 2) {
          LockSupport.parkNanos(NANOS); // the log is written meanwhile
        }
        Prediction entry = prediction(i, "model-" + i % models);
        lane.begun(EntryKind.PREDICTION, slot, entry.timing().startMillis());
        Appended appended = lane.append(entry, slot);
        if (appended != Appended.ACCEPTED) {
          throw new IllegalStateException("fill: entry=" + i + ", appended=" + appended);
        }
      }
      spool.closeIntake();
    }
  }

  private Prediction prediction(int number, String model) {
    Timing timing = new Timing(now, now + 2, 2_000_000, 1_500_000, Timing.NONE);
    return new Prediction(
        new RequestId(String.format(Locale.ROOT, "0190163d-8694-739b-aea5-%012x", number)),
        false,
        "",
        "",
        new Target("wine", "wine", "127.0.0.1:5000", new ModelIdentity(model, "1")),
        like.request(),
        body(),
        like.response(),
        body(),
        like.ending(),
        timing,
        like.grpc());
  }

  private Body body() {
    StringBuilder text = new StringBuilder(BODY_BYTES + 16).append("{\"columns\":[],\"data\":[[");
    while (text.length() < BODY_BYTES - 4) {
      int thousandths = random.nextInt(15_000);
      text.append(thousandths / 1000).append('.').append(thousandths % 1000).append(',');
    }
    return Body.of(text.append("1]]}").toString().getBytes(UTF_8));
  }
}
