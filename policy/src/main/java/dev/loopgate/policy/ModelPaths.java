package dev.loopgate.policy;

import java.util.Set;
import java.util.regex.Pattern;

/// What may be called of a model by those who may call it (contract section 8): of a server that is
/// known, GET and POST of its info and inference paths and nothing else, whoever asks.
///
/// Whatever else such a server has on its port, loading and unloading of models for one, stays out
/// of reach; and what a path may mean in two ways is not allowed.
public enum ModelPaths {
  /// Of a server that is not known: everything.
  ALL,
  /// `.*/api/model/info` and `.*/api/model/invoke.*`.
  ODAHU_ML_SERVER,
  /// The Open Inference Protocol V2 in both its forms: its `info` and `infer` of REST, its methods
  /// of gRPC but those that manage models.
  OPEN_INFERENCE;

  // Possessive where it can be, so that a caller's path is matched in linear time.
  private static final Pattern INFO =
      Pattern.compile(
          "/v2/?|/v2/models/[^/]++(/versions/[^/]++)?(/ready|/config|/stats)?/?"
              + "|/v2/repository/index/?|/v2/health/(live|ready)");
  private static final String MODELS = "/v2/models/";
  private static final String INFER = "/infer";
  private static final String SERVICE = "/inference.GRPCInferenceService/";
  private static final Set<String> METHODS =
      Set.of(
          "ServerLive",
          "ServerReady",
          "ServerMetadata",
          "ModelReady",
          "ModelMetadata",
          "ModelConfig",
          "ModelStatistics",
          "ModelInfer",
          "ModelStreamInfer",
          "RepositoryIndex");
  private static final Set<String> GRPC_HEALTH =
      Set.of("/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch");

  /// @param path below the model's prefix, without query, as it came
  boolean allow(String method, String path) {
    if (this == ALL) {
      return true;
    }
    String plain = method.equals("GET") || method.equals("POST") ? PlainPath.normal(path) : null;
    return plain != null
        && switch (this) {
          case ALL -> true;
          case ODAHU_ML_SERVER ->
              plain.endsWith("/api/model/info") || plain.contains("/api/model/invoke");
          case OPEN_INFERENCE ->
              isInference(plain) || INFO.matcher(plain).matches() || isGrpc(plain);
        };
  }

  // `.*/v2/models/.*/infer/?` in linear time.
  private static boolean isInference(String path) {
    int models = path.indexOf(MODELS);
    int length = path.endsWith("/") ? path.length() - 1 : path.length();
    int infer = length - INFER.length();
    return models >= 0 && infer >= models + MODELS.length() && path.startsWith(INFER, infer);
  }

  private static boolean isGrpc(String path) {
    return GRPC_HEALTH.contains(path)
        || (path.startsWith(SERVICE) && METHODS.contains(path.substring(SERVICE.length())));
  }
}
