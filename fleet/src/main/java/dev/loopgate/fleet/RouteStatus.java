package dev.loopgate.fleet;

/// What is observed of a route (contract section 6).
///
/// @param edgeUrl where callers reach it: absolute, without a slash at its end; empty while not
///   known; at most [#URL_LENGTH_MAX] characters
/// @param state how far it is
public record RouteStatus(String edgeUrl, State state) {
  /// How far a route is.
  public enum State {
    /// Just created or updated.
    NEW(""),
    /// A target is not ready or gone; the last setting stays.
    PROCESSING("Processing"),
    /// It leads where its spec says.
    READY("Ready");

    private final String word;

    State(String word) {
      this.word = word;
    }

    /// The word of the contract; empty for [#NEW].
    public String word() {
      return word;
    }
  }

  /// Characters of an URL at most.
  public static final int URL_LENGTH_MAX = 2048;

  /// Nothing was observed yet.
  public static final RouteStatus NEW = new RouteStatus("", State.NEW);

  public RouteStatus {
    WholeText.check("edgeUrl", edgeUrl, URL_LENGTH_MAX);
  }
}
