package dev.loopgate.fleet;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/// What is observed of a deployment (contract section 4). Texts are empty while not known.
///
/// @param state how far it is
/// @param deployment what runs it, by the name that its host knows; at most [#NAME_LENGTH_MAX]
/// @param hostHeader the host by which it is asked; at most [#NAME_LENGTH_MAX]
/// @param availableReplicas how many serve
/// @param replicas how many should
/// @param lastUpdatedTime when the pull credentials were last renewed; null for never
/// @param modelName what the model calls itself
/// @param modelVersion which one it is
/// @param reason why it failed; null when it did not
/// @param message what a person should read about that; cut at [#MESSAGE_LENGTH_MAX], and what is
///   half a character is replaced
public record DeploymentStatus(
    State state,
    String deployment,
    String hostHeader,
    int availableReplicas,
    int replicas,
    @Nullable Instant lastUpdatedTime,
    String modelName,
    String modelVersion,
    @Nullable Reason reason,
    String message) {
  /// How far a deployment is.
  public enum State {
    /// Just created or updated.
    NEW(""),
    /// It is being brought to what its spec says.
    PROCESSING("Processing"),
    /// As many replicas serve as should, which may be none.
    READY("Ready"),
    /// It can't be brought there; that is tried again.
    FAILED("Failed"),
    /// Marked, and its replicas go.
    DELETING("Deleting");

    private final String word;

    State(String word) {
      this.word = word;
    }

    /// The word of the contract; empty for [#NEW].
    public String word() {
      return word;
    }
  }

  /// Why a deployment failed.
  public enum Reason {
    /// Its image could not be had.
    IMAGE_PULL_FAILED("ImagePullFailed"),
    /// The connection to pull it with is not there.
    PULL_CONNECTION_NOT_FOUND("PullConnectionNotFound"),
    /// Its server dies.
    MODEL_CRASHED("ModelCrashed"),
    /// Its server runs and does not become ready.
    READINESS_TIMEOUT("ReadinessTimeout"),
    /// There is no room for it.
    NO_CAPACITY("NoCapacity");

    private final String word;

    Reason(String word) {
      this.word = word;
    }

    /// The word of the contract.
    public String word() {
      return word;
    }
  }

  /// Characters of a message that are kept.
  public static final int MESSAGE_LENGTH_MAX = 1024;

  /// Characters of a name or of a host at most.
  public static final int NAME_LENGTH_MAX = 253;

  /// Nothing was observed yet.
  public static final DeploymentStatus NEW =
      new DeploymentStatus(State.NEW, "", "", 0, 0, null, "", "", null, "");

  public DeploymentStatus {
    if (availableReplicas < 0 || replicas < 0) {
      throw new IllegalArgumentException(
          "replicas: available=" + availableReplicas + ", value=" + replicas + ", allowed=0 up");
    }
    WholeText.check("deployment", deployment, NAME_LENGTH_MAX);
    WholeText.check("hostHeader", hostHeader, NAME_LENGTH_MAX);
    checkLabel(modelName);
    checkLabel(modelVersion);
    lastUpdatedTime =
        lastUpdatedTime == null ? null : lastUpdatedTime.truncatedTo(ChronoUnit.MICROS);
    message = WholeText.cut(message, MESSAGE_LENGTH_MAX);
  }

  /// The same, with the name and version that `before` had where this one has none.
  DeploymentStatus keepingModelOf(DeploymentStatus before) {
    return new DeploymentStatus(
        state,
        deployment,
        hostHeader,
        availableReplicas,
        replicas,
        lastUpdatedTime,
        modelName.isEmpty() ? before.modelName : modelName,
        modelVersion.isEmpty() ? before.modelVersion : modelVersion,
        reason,
        message);
  }

  private static void checkLabel(String value) {
    if (!value.isEmpty() && !(Model.isLabel(value) && WholeText.isWhole(value))) {
      throw new IllegalArgumentException(
          "model name or version: length=" + value.length() + ", allowed=a printable label");
    }
  }
}
