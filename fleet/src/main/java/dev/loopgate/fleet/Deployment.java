package dev.loopgate.fleet;

import java.util.concurrent.atomic.AtomicReference;

/// A model in service: what is configured, and what was learned of it. Any thread.
public final class Deployment {
  /// What was learned so far, each empty before it was.
  private record Learned(String name, String version) {
    static final Learned NOTHING = new Learned("", "");
  }

  private final Model model;
  private final Replicas replicas;
  private final Circuit circuit;
  private final AtomicReference<Learned> learned = new AtomicReference<>(Learned.NOTHING);
  private volatile boolean ready;

  Deployment(Model model) {
    this.model = model;
    this.replicas = new Replicas(model.upstream());
    this.circuit = new Circuit(model.bounds());
  }

  /// What is configured.
  public Model model() {
    return model;
  }

  /// Its servers.
  public Replicas replicas() {
    return replicas;
  }

  /// What holds back more requests than it may have.
  public Circuit circuit() {
    return circuit;
  }

  /// The model's name: configured, else last learned, else the deployment's id. Never empty.
  public String name() {
    String configured = model.name();
    if (configured != null) {
      return configured;
    }
    String name = learned.get().name();
    return name.isEmpty() ? model.id() : name;
  }

  /// The model's version: configured, else last learned, else `unknown`. Never empty.
  public String version() {
    String configured = model.version();
    if (configured != null) {
      return configured;
    }
    String version = learned.get().version();
    return version.isEmpty() ? "unknown" : version;
  }

  /// Whether its server answered as ready when it was last asked. Requests are relayed either way.
  public boolean isReady() {
    return ready;
  }

  /// Keeps whether its server is ready.
  public void ready(boolean nowReady) {
    ready = nowReady;
  }

  /// Whether name and version are both known and need not be asked for any more.
  public boolean isIdentified() {
    Learned known = learned.get();
    return (model.name() != null || !known.name().isEmpty())
        && (model.version() != null || !known.version().isEmpty());
  }

  /// Keeps what a model server said of itself. What it did not say (empty) or said in a form that
  /// [Model#isLabel] does not allow leaves what was known before.
  public void learn(String name, String version) {
    Learned known;
    Learned more;
    do {
      known = learned.get();
      more =
          new Learned(
              Model.isLabel(name) ? name : known.name(),
              Model.isLabel(version) ? version : known.version());
      // Almost every answer says what the last one said: then nothing is written.
    } while (!more.equals(known) && !learned.compareAndSet(known, more));
  }
}
