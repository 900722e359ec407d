package dev.loopgate.cli;

import org.jspecify.annotations.Nullable;

/// Where the API is and as whom it is asked: a token, or who gets one when it is needed. Confined
/// to one run.
final class ApiAccess {
  private final String url;
  private final int retries;
  private final Renewal renewal;
  private @Nullable String token; // null before it was needed
  private boolean renewed;

  /// @param url checked by [UrlText#base]
  /// @param token empty when there is none
  ApiAccess(String url, int retries, String token, Renewal renewal) {
    this.url = url;
    this.retries = retries;
    this.renewal = renewal;
    this.token = token.isEmpty() && renewal.isPossible() ? null : token;
  }

  String url() {
    return url;
  }

  int retries() {
    return retries;
  }

  /// The token, empty when there is none.
  String token() throws ClientException, InterruptedException {
    String known = token;
    if (known == null) {
      renewed = true;
      known = renewal.fresh();
      token = known;
    }
    return known;
  }

  /// Gets a fresh token where there is a way to: at most once.
  ///
  /// @return whether it did
  boolean renew() throws ClientException, InterruptedException {
    if (renewed || !renewal.isPossible()) {
      return false;
    }
    renewed = true;
    token = renewal.fresh();
    return true;
  }
}
