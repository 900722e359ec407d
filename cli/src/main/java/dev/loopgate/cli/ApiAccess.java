package dev.loopgate.cli;

import org.jspecify.annotations.Nullable;

/// Where the API is and as whom it is asked: a token, or a client that gets one when it is needed.
/// Confined to one run.
final class ApiAccess {
  /// A client of an issuer.
  ///
  /// @param tokenUrl where it gets tokens, empty when the issuer is to be asked
  record Client(String issuer, String tokenUrl, String id, String secret) {
    boolean isWhole() {
      return !id.isEmpty() && !secret.isEmpty() && !(issuer.isEmpty() && tokenUrl.isEmpty());
    }
  }

  private final String url;
  private final int retries;
  private final Client client;
  private final Tokens tokens;
  private @Nullable String token; // null before it was needed
  private boolean renewed;

  /// @param url checked by [UrlText#base]
  /// @param token empty when there is none
  ApiAccess(String url, int retries, String token, Client client, Tokens tokens) {
    this.url = url;
    this.retries = retries;
    this.token = token.isEmpty() && client.isWhole() ? null : token;
    this.client = client;
    this.tokens = tokens;
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
      known = fresh();
      token = known;
      renewed = true;
    }
    return known;
  }

  /// Gets a fresh token where there is a way to: at most once.
  ///
  /// @return whether it did
  boolean renew() throws ClientException, InterruptedException {
    if (renewed || !client.isWhole()) {
      return false;
    }
    renewed = true;
    token = fresh();
    return true;
  }

  private String fresh() throws ClientException, InterruptedException {
    String at =
        client.tokenUrl.isEmpty() ? tokens.discover(client.issuer).token() : client.tokenUrl;
    return tokens.ofClient(at, client.id, client.secret).token();
  }
}
