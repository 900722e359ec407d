package dev.loopgate.api;

/// Which of the door's URLs a request names (contract section 3). Paths are matched as they stand
/// on the wire, segments are decoded only for the record: no encoding turns one URL into another.
sealed interface DoorUrl {
  /// `GET /`.
  record Index() implements DoorUrl {}

  /// `/feedback` and its like: headers tell the model.
  record HeaderFeedback() implements DoorUrl {}

  /// The first generation's URL: the path tells the model.
  ///
  /// @param modelId still percent-encoded, may be empty
  /// @param modelVersion still percent-encoded, may be empty
  record PathFeedback(String modelId, String modelVersion) implements DoorUrl {}

  /// Under `/api/v1/`, but not feedback.
  record OtherApi() implements DoorUrl {}

  /// None of ours.
  record Unknown() implements DoorUrl {}

  /// The URL that this request line names.
  ///
  /// @param path without query
  static DoorUrl of(String method, String path) {
    if (path.equals("/")) {
      return method.equals("GET") ? new Index() : new Unknown();
    }
    if (isAtOrUnder(path, "/feedback") || isAtOrUnder(path, "/api/v1/feedback")) {
      return method.equals("POST") ? new HeaderFeedback() : new Unknown();
    }
    if (path.startsWith("/api/v1/")) {
      return new OtherApi();
    }
    // "", "api", "model", id, version, "feedback"
    String[] segments = path.split("/", -1);
    boolean isPathFeedback =
        segments.length == 6 && path.startsWith("/api/model/") && segments[5].equals("feedback");
    return isPathFeedback && method.equals("POST")
        ? new PathFeedback(segments[3], segments[4])
        : new Unknown();
  }

  private static boolean isAtOrUnder(String path, String root) {
    return path.startsWith(root)
        && (path.length() == root.length() || path.charAt(root.length()) == '/');
  }
}
