package dev.loopgate.app;

import dev.loopgate.testkit.Answer;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.LoadJournal;
import dev.loopgate.testkit.Payload;
import dev.loopgate.testkit.Script;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/// Callers that predict and give feedback over kept connections, until they are told to stop or the
/// gateway dies under them. Everything follows from the seed but the moment of death.
final class Load {
  private static final int CALLERS = 6;
  private static final List<Framing> FRAMINGS =
      List.of(Framing.LENGTH, Framing.CHUNKED, Framing.LENGTH, Framing.UNTIL_CLOSE, Framing.NONE);

  private final LoadJournal journal;
  private final GatewayProcess gateway;
  private final int callsMax; // of each caller
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final AtomicLong unexpected = new AtomicLong();
  private final List<Thread> callers = new ArrayList<>();
  private volatile String firstUnexpected = "";

  private Load(LoadJournal journal, GatewayProcess gateway, int callsMax) {
    this.journal = journal;
    this.gateway = gateway;
    this.callsMax = callsMax;
  }

  /// Starts the callers; `round` makes ids that no other round has.
  static Load start(LoadJournal journal, GatewayProcess gateway, int round, Random random) {
    return start(journal, gateway, round, random, Integer.MAX_VALUE);
  }

  /// The same with an end: so many calls a caller, at most.
  static Load start(
      LoadJournal journal, GatewayProcess gateway, int round, Random random, int callsMax) {
    Load load = new Load(journal, gateway, callsMax);
    for (int i = 0; i < CALLERS; i++) {
      Random own = new Random(random.nextLong());
      String prefix = "r" + round + "-c" + i + "-";
      load.callers.add(Thread.ofVirtual().name("caller-" + i).start(() -> load.call(prefix, own)));
    }
    return load;
  }

  /// Lets the callers finish what they are at.
  void stop() throws InterruptedException {
    stopping.set(true);
    join();
  }

  /// Waits for callers whose gateway is gone.
  void join() throws InterruptedException {
    for (Thread caller : callers) {
      caller.join();
    }
  }

  /// Answers of another status than the script's, in words; empty when there were none.
  String unexpected() {
    return unexpected.get() == 0 ? "" : unexpected.get() + " answers, first: " + firstUnexpected;
  }

  private void call(String prefix, Random random) {
    int count = 0;
    while (!stopping.get() && gateway.isAlive() && count < callsMax) {
      try (Caller caller = gateway.call()) {
        boolean open = true;
        while (open && !stopping.get() && count < callsMax) {
          open = callOnce(caller, prefix + count++, random);
        }
      } catch (IOException _) {
        // The gateway died, or a connection was closed on us: what was not answered is not
        // journalled
        // as answered, and the next connection shows whether there is a gateway.
      }
    }
  }

  private boolean callOnce(Caller caller, String id, Random random) throws IOException {
    return random.nextInt(10) < 3 ? feedback(caller, id, random) : predict(caller, id, random);
  }

  private boolean predict(Caller caller, String id, Random random) throws IOException {
    Framing answerFraming = FRAMINGS.get(random.nextInt(FRAMINGS.size()));
    Framing askFraming = random.nextBoolean() ? Framing.LENGTH : Framing.CHUNKED;
    Script script =
        Script.plain(payload(random), payload(random))
            .framed(answerFraming)
            .answering(answerFraming == Framing.NONE ? 204 : 200);
    journal.asking(id, new LoadJournal.Asked(true, script));
    caller.send(
        "POST",
        "/model/m/predict?" + script.query(),
        Map.of("request-id", id),
        askFraming,
        script.request());
    Payload.Check check =
        (answerFraming == Framing.NONE ? Payload.NONE : script.response()).check();
    Answer answer = caller.receive("POST", check);
    if (answer.status() != script.status()
        || !check.isWhole()
        || !answer.header("x-request-intact").equals("true")) {
      unexpected(answer, script.toString());
    }
    journal.answered(id);
    return !answer.closes();
  }

  private boolean feedback(Caller caller, String id, Random random) throws IOException {
    Payload text = new Payload(Payload.Kind.LETTERS, random.nextLong(), 20 + random.nextInt(2000));
    Script script = Script.plain(text, Payload.NONE);
    journal.asking(id, new LoadJournal.Asked(false, script));
    caller.send(
        "POST /api/v1/feedback HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n"
            + "request-id: %s\r\nmodel-name: %s\r\nmodel-version: %s\r\n"
                .formatted(id, Rig.MODEL, Rig.VERSION)
            + "content-length: %d\r\n\r\n\"%s\"".formatted(text.length() + 2, text.text()));
    Answer answer = caller.receive("POST");
    if (answer.status() == 200) {
      journal.answered(id);
    } else {
      unexpected(answer, answer.text());
    }
    return !answer.closes();
  }

  private static Payload payload(Random random) {
    Payload.Kind kind = random.nextInt(4) == 0 ? Payload.Kind.BINARY : Payload.Kind.TEXT;
    int size = random.nextInt(1000);
    int length;
    if (size < 700) {
      length = random.nextInt(1024);
    } else if (size < 995) {
      length = random.nextInt(16 << 10);
    } else {
      length = (1 << 20) + random.nextInt(1 << 20); // more than one part in ring and log
    }
    return new Payload(kind, random.nextLong(), length);
  }

  private void unexpected(Answer answer, String what) {
    if (unexpected.getAndIncrement() == 0) {
      firstUnexpected = answer.head() + " to " + what;
    }
  }
}
