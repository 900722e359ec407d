package dev.loopgate.controller;

import dev.loopgate.fleet.DeploymentStatus;
import java.util.Locale;

/// Everything this room tells the outside, each by the id of what it is about. Called on the thread
/// `controller`, which may be held up only briefly. Texts are one line and bounded.
public interface ControllerEvents {
  /// Does nothing.
  ControllerEvents SILENT = new ControllerEvents() {};

  /// Why the number of replicas changes.
  enum ScaleReason {
    /// What is new starts, or what a start of ours found declared.
    STARTED,
    /// The number was outside of what is declared.
    BOUNDS,
    /// Callers want more.
    DEMAND_UP,
    /// Callers want less.
    DEMAND_DOWN,
    /// Nobody has wanted anything for the idle time: it goes to sleep.
    IDLE,
    /// It has failed and may sleep: who asks next makes it try again.
    FAILED,
    /// It has never been ready, and is tried again after a long pause.
    RETRIED;

    /// For labels and lines.
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// A deployment's new state is kept, or a new reason why it failed.
  ///
  /// @param detail why it failed; empty when it did not
  default void stateChanged(
      String deployment,
      DeploymentStatus.State before,
      DeploymentStatus.State after,
      String detail) {}

  /// The host was told another number of replicas.
  default void scaled(String deployment, int from, int to, ScaleReason reason) {}

  /// A revision of a model said what it is, or is known by its deployment's id when it never did.
  default void modelKnown(String deployment, String revision, String name, String version) {}

  /// A revision of a model did not say what it is. Told once until it does.
  default void modelUnreadable(String deployment, String problem) {}

  /// A model's document has no room beside the others'.
  default void documentLeftOut(String deployment, int length) {}

  /// What the host knew of a deployment that nobody declares is removed.
  default void strayRemoved(String deployment) {}

  /// The host did not take what it was told. Told once until it does.
  default void hostFailed(String deployment, String problem) {}

  /// What was observed or is to go could not be written. Told once until it can.
  ///
  /// @param kind a word such as `deployment`
  default void writeFailed(String kind, String id, String problem) {}

  /// The gateways did not take what is to be served. Told once until they do.
  default void servingFailed(String problem) {}

  /// A bug.
  default void failed(Throwable cause) {}
}
