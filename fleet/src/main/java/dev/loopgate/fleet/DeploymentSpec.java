package dev.loopgate.fleet;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What is declared of a model that is to be served (contract section 4). Null is what was not
/// said; [DeploymentRules] fills in what then holds.
///
/// @param image empty when not said, as the predictor
/// @param predictor a word of [Predictor]
/// @param resources a whole block or none
/// @param annotations for the model's pods, in the order of their keys
/// @param minReplicas how many run at least; 0 for a model that may sleep
/// @param maxReplicas how many run at most
/// @param livenessProbeInitialDelay seconds
/// @param readinessProbeInitialDelay seconds
/// @param roleName who has this role may call the model
/// @param imagePullConnID the connection that the image is pulled with
/// @param nodeSelector which nodes it may run on, in the order of their keys
/// @param serving how it is held, scaled and asked again
public record DeploymentSpec(
    String image,
    String predictor,
    @Nullable Resources resources,
    Map<String, String> annotations,
    @Nullable Integer minReplicas,
    @Nullable Integer maxReplicas,
    @Nullable Integer livenessProbeInitialDelay,
    @Nullable Integer readinessProbeInitialDelay,
    @Nullable String roleName,
    @Nullable String imagePullConnID,
    Map<String, String> nodeSelector,
    Serving serving) {
  /// What is ours beside the contract: null is as the gateway has it for all models.
  ///
  /// @param idleTimeout without a request for so long, a model that may sleep goes to sleep
  /// @param deadline a request is held for a sleeping model at most so long
  /// @param target requests in flight that one replica is to have
  /// @param maxConcurrency requests in flight that one replica may have
  /// @param idempotent whether a request may be sent again after bytes of it were
  /// @param grpc whether its servers speak gRPC, in HTTP/2 without TLS, and nothing else
  public record Serving(
      @Nullable Duration idleTimeout,
      @Nullable Duration deadline,
      @Nullable Integer target,
      @Nullable Integer maxConcurrency,
      @Nullable Boolean idempotent,
      @Nullable Boolean grpc) {
    /// Everything as the gateway has it.
    public static final Serving NONE = new Serving(null, null, null, null, null, null);
  }

  public DeploymentSpec {
    annotations = Sorted.copyOf(annotations);
    nodeSelector = Sorted.copyOf(nodeSelector);
  }

  /// Whether its servers speak gRPC.
  public boolean isGrpc() {
    return Boolean.TRUE.equals(serving.grpc());
  }

  /// How its servers are asked: of one that speaks gRPC alone nothing is known but that it accepts
  /// connections.
  ///
  /// @throws IllegalArgumentException when the predictor is none: no rule has looked at it
  public Predictor asked() {
    return isGrpc() ? Predictor.NONE : Predictor.ofWord(predictor);
  }
}
