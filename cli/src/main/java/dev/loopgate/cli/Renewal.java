package dev.loopgate.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/// How a fresh token is had: as a client of an issuer, or with what the last login left for it.
/// Confined to one run.
final class Renewal {
  /// What an issuer is asked with.
  ///
  /// @param tokenUrl where it gives tokens, empty when it is to be asked where
  /// @param secret of the client, empty for a person's
  /// @param refresh what the last login left, empty for nothing
  record Grant(String issuer, String tokenUrl, String client, String secret, String refresh) {
    static final Grant NONE = new Grant("", "", "", "", "");

    /// Whether it is a client's own.
    boolean isOfClient() {
      return isPossible() && !secret.isEmpty();
    }

    /// Whether the issuer can be asked at all.
    boolean isPossible() {
      boolean known = !issuer.isEmpty() || !tokenUrl.isEmpty();
      return known && !client.isEmpty() && !(secret.isEmpty() && refresh.isEmpty());
    }
  }

  /// Keeps what an issuer gave in place of what it was asked with.
  @FunctionalInterface
  interface Keeper {
    /// Keeps it if that can be.
    void keep(Tokens.Granted granted);
  }

  private final Grant grant;
  private final Tokens tokens;
  private final Keeper keeper;

  Renewal(Grant grant, Tokens tokens, Keeper keeper) {
    this.grant = grant;
    this.tokens = tokens;
    this.keeper = keeper;
  }

  /// Whether there is a way.
  boolean isPossible() {
    return grant.isPossible();
  }

  /// Whether it takes no token to get one.
  boolean isOfClient() {
    return grant.isOfClient();
  }

  /// The token that an issuer gives now.
  String fresh() throws ClientException, InterruptedException {
    String at = grant.tokenUrl.isEmpty() ? tokens.discover(grant.issuer).token() : grant.tokenUrl;
    if (grant.isOfClient()) {
      return tokens.ofClient(at, grant.client, grant.secret).token();
    }
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("grant_type", "refresh_token");
    fields.put("client_id", grant.client);
    fields.put("refresh_token", grant.refresh);
    Tokens.Granted granted = tokens.grant(at, fields);
    keeper.keep(granted); // an issuer may take the old one only once
    return granted.token();
  }
}
