package dev.loopgate.fleet;

import java.util.concurrent.atomic.AtomicReference;

/// A model in service: what is configured, and what was learned of it. Any thread.
public final class Deployment {
  /// A name and a version, each empty before it was learned.
  private record Learned(String name, String version) {
    static final Learned NOTHING = new Learned("", "");
  }

  private final Model model;
  private final Replicas replicas;
  private final Circuit circuit;
  private final AtomicReference<Learned> discovered = new AtomicReference<>(Learned.NOTHING);
  private final AtomicReference<Learned> learned = new AtomicReference<>(Learned.NOTHING);
  private volatile boolean ready;

  Deployment(Model model) {
    this.model = model;
    this.replicas = new Replicas(model.upstream());
    this.circuit = new Circuit(model.bounds());
  }

  /// The same model with another configuration. What was learned of its servers holds on where they
  /// are the same.
  Deployment(Model model, Deployment before) {
    this(model);
    Model was = before.model();
    if (was.upstream().equals(model.upstream()) && was.predictor() == model.predictor()) {
      discovered.set(before.discovered.get());
      learned.set(before.learned.get());
      ready = before.ready;
    }
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

  /// The model's name: configured, else discovered, else as the last answer said, else the
  /// deployment's id. Never empty.
  public String name() {
    String configured = model.name();
    if (configured != null) {
      return configured;
    }
    String name = knownName();
    return name.isEmpty() ? model.id() : name;
  }

  /// The model's version: configured, else discovered, else as the last answer said, else
  /// `unknown`. Never empty.
  public String version() {
    String configured = model.version();
    if (configured != null) {
      return configured;
    }
    String version = knownVersion();
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
    return (model.name() != null || !knownName().isEmpty())
        && (model.version() != null || !knownVersion().isEmpty());
  }

  /// Keeps what a model server said of itself when it was asked. What it did not say (empty) or
  /// said in a form that [Model#isLabel] does not allow leaves what was known before.
  public void discover(String name, String version) {
    keep(discovered, name, version);
  }

  /// Keeps what an answer said of the model, by the same rule. It holds where nothing was
  /// discovered.
  public void learn(String name, String version) {
    keep(learned, name, version);
  }

  private String knownName() {
    String name = discovered.get().name();
    return name.isEmpty() ? learned.get().name() : name;
  }

  private String knownVersion() {
    String version = discovered.get().version();
    return version.isEmpty() ? learned.get().version() : version;
  }

  private static void keep(AtomicReference<Learned> in, String name, String version) {
    Learned known;
    Learned more;
    do {
      known = in.get();
      more =
          new Learned(
              Model.isLabel(name) ? name : known.name(),
              Model.isLabel(version) ? version : known.version());
      // Almost every answer says what the last one said: then nothing is written.
    } while (!more.equals(known) && !in.compareAndSet(known, more));
  }
}
