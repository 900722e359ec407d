package dev.loopgate.fleet;

import org.jspecify.annotations.Nullable;

/// A model in service: what is configured, and what was learned of it. Any thread.
public final class Deployment {
  /// What the model calls itself.
  ///
  /// @param name never empty
  /// @param version never empty
  public record Learned(String name, String version) {}

  private final Model model;
  private volatile @Nullable Learned learned;
  private volatile boolean ready;

  Deployment(Model model) {
    this.model = model;
  }

  /// What is configured.
  public Model model() {
    return model;
  }

  /// The model's name: configured, else learned, else the deployment's id.
  public String name() {
    Learned known = learned;
    String configured = model.name();
    if (configured != null) {
      return configured;
    }
    return known != null ? known.name() : model.id();
  }

  /// The model's version: configured, else learned, else `unknown`.
  public String version() {
    Learned known = learned;
    String configured = model.version();
    if (configured != null) {
      return configured;
    }
    return known != null ? known.version() : "unknown";
  }

  /// Whether its server answered as ready when it was last asked. Requests are relayed either way.
  public boolean isReady() {
    return ready;
  }

  /// Keeps whether its server is ready.
  public void ready(boolean nowReady) {
    ready = nowReady;
  }

  /// Whether name and version need not be learned any more.
  public boolean isIdentified() {
    return learned != null || (model.name() != null && model.version() != null);
  }

  /// Keeps what was learned; nothing learned before is overwritten with an empty text.
  public void learn(String name, String version) {
    Learned known = learned;
    String newName = name.isEmpty() ? (known == null ? model.id() : known.name()) : name;
    String newVersion =
        version.isEmpty() ? (known == null ? "unknown" : known.version()) : version;
    if (known == null || !known.name().equals(newName) || !known.version().equals(newVersion)) {
      learned = new Learned(newName, newVersion);
    }
  }
}
