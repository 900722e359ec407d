package dev.loopgate.fleet;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What kind of server answers for a model: which of its paths are predictions (contract sections 2
/// and 9).
public enum Predictor {
  /// Any HTTP server: everything but GET and HEAD on health and metrics paths is a prediction.
  NONE("none"),
  /// Odahu's own: `.*/api/model/invoke.*`.
  ODAHU_ML_SERVER("odahu-ml-server"),
  /// NVIDIA Triton: `.*/v2/models/.*/infer`; of gRPC the methods that infer.
  TRITON("triton"),
  /// Open Inference Protocol V2 (MLServer, KServe): as Triton.
  OPEN_INFERENCE("open-inference");

  private static final Set<String> HEALTH = Set.of("/healthz", "/healthcheck", "/metrics");
  private static final String HEALTH_V2 = "/v2/health/";
  private static final String INVOKE = "/api/model/invoke";
  private static final String MODELS_V2 = "/v2/models/";
  private static final String INFER = "/infer";
  private static final String GRPC_INFER = "/inference.GRPCInferenceService/ModelInfer";
  private static final String GRPC_STREAM = "/inference.GRPCInferenceService/ModelStreamInfer";

  private static final String READY_V2 = HEALTH_V2 + "ready";
  private static final String LIVE_V2 = HEALTH_V2 + "live";

  private final String word;

  Predictor(String word) {
    this.word = word;
  }

  /// The word of configuration and contract.
  public String word() {
    return word;
  }

  /// The path at which such a server says whether it is ready; null when nobody knows one.
  public @Nullable String readyPath() {
    return switch (this) {
      case NONE -> null;
      case ODAHU_ML_SERVER -> "/healthcheck";
      case TRITON, OPEN_INFERENCE -> READY_V2;
    };
  }

  /// The path at which such a server says whether it lives, which it may do long before it is
  /// ready; that of [#readyPath] where there is no other, null when nobody knows one.
  public @Nullable String livePath() {
    return switch (this) {
      case NONE, ODAHU_ML_SERVER -> readyPath();
      case TRITON, OPEN_INFERENCE -> LIVE_V2;
    };
  }

  /// The known words, for messages.
  public static List<String> words() {
    return List.of(values()).stream().map(Predictor::word).toList();
  }

  /// The predictor with this word.
  ///
  /// @throws IllegalArgumentException when none has it; the message lists the known ones
  public static Predictor ofWord(String word) {
    for (Predictor predictor : values()) {
      if (predictor.word.equals(word)) {
        return predictor;
      }
    }
    throw new IllegalArgumentException(
        "predictor: value=" + word + ", allowed=" + String.join(", ", words()));
  }

  /// Whether an exchange is a prediction.
  ///
  /// @param path the path as the model sees it, without query
  public boolean captures(String method, String path) {
    return switch (this) {
      case NONE ->
          !((method.equals("GET") || method.equals("HEAD"))
              && (HEALTH.contains(path) || path.startsWith(HEALTH_V2)));
      case ODAHU_ML_SERVER -> path.contains(INVOKE);
      case TRITON, OPEN_INFERENCE -> isInference(path);
    };
  }

  /// `.*/v2/models/.*/infer/?` in linear time: a caller writes the path, the event loop reads it.
  private static boolean isInference(String path) {
    int models = path.indexOf(MODELS_V2);
    int length = path.endsWith("/") ? path.length() - 1 : path.length();
    int infer = length - INFER.length();
    return (models >= 0 && infer >= models + MODELS_V2.length() && path.startsWith(INFER, infer))
        || path.endsWith(GRPC_INFER)
        || path.endsWith(GRPC_STREAM);
  }
}
