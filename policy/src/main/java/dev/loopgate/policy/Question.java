package dev.loopgate.policy;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is asked about a request.
///
/// @param path below the model's prefix, without query, as it came: it is decoded and normalised
///   here, so that everybody who asks has the same rule
/// @param authorization the values of all `authorization` headers
public record Question(String method, String path, List<String> authorization, Target target) {
  /// What the request is for.
  public sealed interface Target {}

  /// A call of a model.
  ///
  /// @param role who has this role may call it, besides those who may call all; null for nobody
  /// @param paths what of it may be called at all
  public record ToModel(@Nullable String role, ModelPaths paths) implements Target {}

  /// Feedback.
  public record ToFeedback() implements Target {}

  /// A request of the API.
  ///
  /// @param access what it asks for
  public record ToApi(ApiAccess access) implements Target {}

  public Question {
    authorization = List.copyOf(authorization);
  }
}
