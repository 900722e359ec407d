package dev.loopgate.runtime;

import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Replica;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Asks a model's server, of several one after the other, whether it is ready, and then once what
/// the model is called, until both are known; then it is over, so that nothing keeps a model awake.
/// Works on a virtual thread of its own, `probe-<id>`.
public final class ModelProbe implements AutoCloseable {
  /*
   * Readiness is asked for each second, for ever: a server may come up at any time. A server that
   * is ready but does not say who it is will hardly learn to, so after 15 vain questions the pause grows to a minute.
   */

  /// How often and how long.
  ///
  /// @param period between two questions; 1 s by default
  /// @param timeout of one question, its whole answer included; 1 s by default
  /// @param periodMax of questions that stay vain; 1 min by default
  public record Pace(Duration period, Duration timeout, Duration periodMax) {
    /// Contract section 9.
    public static final Pace DEFAULT =
        new Pace(Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofMinutes(1));
  }

  private static final int VAIN_QUESTIONS_MAX = 15;

  private final Deployment deployment;
  private final Pace pace;
  private final ProbeEvents events;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;
  private int asked; // confined to the thread: how often it was asked
  private String problem = ""; // confined to the thread: the last one told

  private ModelProbe(Deployment deployment, Pace pace, ProbeEvents events) {
    this.deployment = deployment;
    this.pace = pace;
    this.events = events;
    this.thread = Thread.ofVirtual().name("probe-" + deployment.model().id()).unstarted(this::ask);
  }

  /// A probe that asks from now on.
  public static ModelProbe start(Deployment deployment, Pace pace, ProbeEvents events) {
    ModelProbe probe = new ModelProbe(deployment, pace, events);
    probe.thread.start();
    return probe;
  }

  /// Whether everything is known and no more is asked.
  public boolean isOver() {
    return !thread.isAlive();
  }

  /// Asks no more, and returns when the last question is over.
  @Override
  public void close() {
    closing.countDown();
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // the probe ends without being waited for
    }
  }

  private void ask() {
    try {
      deployment.ready(false);
      Optional<ModelQuestions> opened = open();
      if (opened.isPresent()) {
        ask(opened.get());
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // closed: the thread ends
    }
  }

  /// Empty when it was closed meanwhile. The authorities of a model may be unreadable for a moment,
  /// though they were not when the gateway looked at them.
  private Optional<ModelQuestions> open() throws InterruptedException {
    do {
      try {
        return Optional.of(new ModelQuestions(deployment.model(), pace.timeout()));
      } catch (IOException | UncheckedIOException e) {
        tell("not ready: " + e.getMessage());
      }
    } while (!closing.await(pace.period().toNanos(), TimeUnit.NANOSECONDS));
    return Optional.empty();
  }

  private void ask(ModelQuestions opened) throws InterruptedException {
    try (ModelQuestions questions = opened) {
      while (!isReady(questions)) {
        if (closing.await(pace.period().toNanos(), TimeUnit.NANOSECONDS)) {
          return;
        }
      }
      problem = "";
      deployment.ready(true);
      events.modelReady(deployment.model().id());
      identify(questions);
    }
  }

  private boolean isReady(ModelQuestions questions) throws InterruptedException {
    Model model = deployment.model();
    List<Replica> replicas = model.upstream().replicas();
    Replica replica = replicas.get(Math.floorMod(asked++, replicas.size()));
    questions.turnTo(replica);
    try {
      if (!questions.canAsk()) {
        try (Socket socket = new Socket()) {
          int millis = Math.toIntExact(pace.timeout().toMillis());
          socket.connect(new InetSocketAddress(replica.host(), replica.port()), millis);
        }
        return true;
      }
      questions.ready();
      return true;
    } catch (IOException e) {
      tell("not ready: " + e.getMessage());
      return false;
    }
  }

  private void identify(ModelQuestions questions) throws InterruptedException {
    Duration pause = pace.period();
    int vain = 0;
    // Once in any case: what an answer has said meanwhile holds only where the server says nothing.
    boolean unknown = deployment.model().name() == null || deployment.model().version() == null;
    while (unknown && questions.canAsk()) {
      try {
        Optional<ModelQuestions.Identity> identity = questions.identity();
        if (identity.isPresent()) {
          deployment.discover(identity.get().name(), identity.get().version());
          events.modelIdentified(deployment.model().id(), deployment.name(), deployment.version());
          return;
        }
        tell("ready, but names no model yet");
      } catch (IOException e) {
        tell("ready, but does not say its name: " + e.getMessage());
      }
      if (closing.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
        return;
      }
      if (++vain >= VAIN_QUESTIONS_MAX) {
        Duration twice = pause.multipliedBy(2);
        pause = twice.compareTo(pace.periodMax()) < 0 ? twice : pace.periodMax();
      }
      unknown = !deployment.isIdentified();
    }
  }

  private void tell(String newProblem) {
    if (!newProblem.equals(problem)) {
      problem = newProblem;
      events.probeFailed(deployment.model().id(), newProblem);
    }
  }
}
