package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.Body;
import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.Prediction;
import dev.loopgate.spool.Appended;
import dev.loopgate.spool.ForceListener;
import dev.loopgate.spool.SpoolLane;
import java.util.ArrayList;
import java.util.List;

/// A lane that copies what it is given, and refuses an ending without a beginning. Written by one
/// event loop, read by any thread.
final class KeepingLane implements SpoolLane {
  /// What was kept, with copies of the bodies.
  record Kept(Prediction prediction, String requestText, String responseText) {
    Ending ending() {
      return prediction.ending();
    }

    int status() {
      return prediction.response().status();
    }

    Body requestBody() {
      return prediction.requestBody();
    }

    Body responseBody() {
      return prediction.responseBody();
    }
  }

  private final List<Kept> kept = new ArrayList<>();
  private int open;
  private int sampledOut;
  private Appended answer = Appended.ACCEPTED;

  @Override
  public synchronized void begun(EntryKind kind, int slot, long startMillis) {
    open++;
  }

  @Override
  public synchronized Appended append(Prediction prediction, int slot) {
    close();
    kept.add(
        new Kept(
            prediction,
            new String(prediction.requestBody().copyKept(), ISO_8859_1),
            new String(prediction.responseBody().copyKept(), ISO_8859_1)));
    notifyAll();
    return answer;
  }

  @Override
  public synchronized Appended append(AccessRecord access, int slot) {
    throw new AssertionError("no access log comes to the proxy");
  }

  @Override
  public synchronized void sampledOut(EntryKind kind, int slot, long endMillis) {
    close();
    sampledOut++;
  }

  @Override
  public synchronized void dropped(EntryKind kind, int slot, DropReason reason, long endMillis) {
    close();
  }

  @Override
  public Appended appendForced(Feedback feedback, int slot, ForceListener listener) {
    throw new IllegalStateException("no feedback here: id=" + feedback.requestId());
  }

  synchronized void answer(Appended next) {
    answer = next;
  }

  synchronized List<Kept> kept() {
    return List.copyOf(kept);
  }

  synchronized int sampledOut() {
    return sampledOut;
  }

  synchronized int open() {
    return open;
  }

  /// Waits, generously bounded, until so many are kept.
  synchronized List<Kept> await(int count) throws InterruptedException {
    for (int round = 0; round < 200 && kept.size() < count; round++) {
      wait(50);
    }
    if (kept.size() < count) {
      throw new AssertionError("kept=" + kept.size() + ", awaited=" + count + ", open=" + open);
    }
    return List.copyOf(kept);
  }

  private void close() {
    if (open == 0) {
      throw new IllegalStateException("lane: an ending without a beginning");
    }
    open--;
  }
}
