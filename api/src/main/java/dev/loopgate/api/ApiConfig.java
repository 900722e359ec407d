package dev.loopgate.api;

import dev.loopgate.fleet.DeploymentRules;
import java.net.URI;

/// What the API may be told; and all that `GET /configuration` shows, so nothing of it is a secret.
///
/// @param deploymentsEnabled `config.deployment.enabled`: whether deployments and routes may be
///   changed here
/// @param connectionsEnabled `config.connection.enabled`: whether connections may be
/// @param edgeHost where callers reach the gateway: an `http` or `https` URL without a user; empty
///   while not known
/// @param customRoutePrefix what the prefix of every route that is declared lies under; empty for
///   nothing
/// @param deployments what holds of a deployment that does not say it
/// @param tokensNeeded whether callers need one
public record ApiConfig(
    boolean deploymentsEnabled,
    boolean connectionsEnabled,
    String edgeHost,
    String customRoutePrefix,
    DeploymentRules.Settings deployments,
    boolean tokensNeeded) {
  /// Everything is enabled, and nothing needs a token.
  public static final ApiConfig DEFAULT =
      new ApiConfig(true, true, "", "/custom", DeploymentRules.Settings.DEFAULT, false);

  public ApiConfig {
    // Not shown: what is refused may be refused because it has a secret.
    if (!edgeHost.isEmpty() && URI.create(edgeHost).getRawUserInfo() != null) {
      throw new IllegalArgumentException("edge host: allowed=a URL without a user");
    }
  }
}
