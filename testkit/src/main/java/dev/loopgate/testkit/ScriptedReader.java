package dev.loopgate.testkit;

import dev.loopgate.fleet.ModelReader;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.UnreadableModelException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/// Answers for models: each is called as its deployment, `1.0`, until a test says otherwise. Any
/// thread.
public final class ScriptedReader implements ModelReader {
  private final Map<String, ModelCard> cards = new HashMap<>();
  private final Map<String, Integer> vain = new HashMap<>();
  private final Map<String, Integer> asked = new HashMap<>();
  private @Nullable CountDownLatch hanging;

  /// The model of a deployment says this from now on.
  public synchronized void answer(String deployment, ModelCard card) {
    cards.put(deployment, card);
  }

  /// The next so many questions for a deployment are answered by something else.
  public synchronized void fail(String deployment, int times) {
    vain.put(deployment, times);
  }

  /// From now on nothing is answered before `until` is counted down, or the asker is interrupted.
  public synchronized void hang(CountDownLatch until) {
    hanging = until;
  }

  /// How often the model of a deployment was asked.
  public synchronized int asked(String deployment) {
    return asked.getOrDefault(deployment, 0);
  }

  @Override
  public ModelCard read(String deployment, Replica at, Predictor predictor)
      throws UnreadableModelException, InterruptedException {
    CountDownLatch until;
    synchronized (this) {
      asked.merge(deployment, 1, Integer::sum);
      until = hanging;
    }
    if (until != null) {
      until.await();
    }
    synchronized (this) {
      int left = vain.getOrDefault(deployment, 0);
      if (left > 0) {
        vain.put(deployment, left - 1);
        throw new UnreadableModelException("it answers 404 from " + at.authority(), null);
      }
      ModelCard card = cards.get(deployment);
      return card == null ? new ModelCard(deployment, "1.0", "{}") : card;
    }
  }
}
