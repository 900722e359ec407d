package dev.loopgate.api;

import dev.loopgate.fleet.ConnectionRules;
import dev.loopgate.fleet.ConnectionSpec;
import dev.loopgate.fleet.ConnectionStatus;
import dev.loopgate.fleet.Declaration;
import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.DeploymentRules;
import dev.loopgate.fleet.DeploymentSpec;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.HostKeys;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.RouteRules;
import dev.loopgate.fleet.RouteSpec;
import dev.loopgate.fleet.RouteStatus;
import dev.loopgate.fleet.Verdict;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What differs from kind to kind: rules, words, and by what a list is filtered.
///
/// @param <S> what is declared
/// @param <T> what is observed
/// @param noun in messages
/// @param filter the query parameter that lists are filtered by; empty for none
/// @param filtered what of a spec that parameter is compared with
/// @param check what is wrong; its last argument is what is declared already, or null
/// @param refusalOfNew why nobody may declare this at all; empty when anybody may
record DeclaredRules<S, T>(
    Kind<S, T> kind,
    String noun,
    String filter,
    Function<S, String> filtered,
    Check<S> check,
    Function<Declaration<S>, Optional<String>> refusalOfNew) {
  /// The rules of a kind.
  interface Check<S> {
    Verdict<S> of(Declaration<S> declaration, @Nullable S before);
  }

  static DeclaredRules<DeploymentSpec, DeploymentStatus> ofDeployments(
      ApiConfig config, Predicate<String> isConfigured) {
    DeploymentRules rules = new DeploymentRules(config.deployments());
    return new DeclaredRules<>(
        Kind.DEPLOYMENT,
        "Model deployment",
        "roleName",
        spec -> Optional.ofNullable(spec.roleName()).orElse(""),
        (declaration, _) -> rules.check(declaration.id(), declaration.spec()),
        declaration ->
            isConfigured.test(declaration.id())
                ? Optional.of("a model of the configuration has the ID " + declaration.id())
                : Optional.empty());
  }

  static DeclaredRules<RouteSpec, RouteStatus> ofRoutes(ApiConfig config, DeclaredStore store) {
    RouteRules rules = new RouteRules(config.customRoutePrefix());
    return new DeclaredRules<>(
        Kind.ROUTE,
        "Model route",
        "",
        _ -> "",
        (declaration, _) -> rules.check(declaration, RouteRules.Known.of(store)),
        RouteRules::refusalOfNew);
  }

  static DeclaredRules<ConnectionSpec, ConnectionStatus> ofConnections(HostKeys hostKeys) {
    ConnectionRules rules = new ConnectionRules(hostKeys);
    return new DeclaredRules<>(
        Kind.CONNECTION,
        "Connection",
        "type",
        ConnectionSpec::type,
        (declaration, before) -> rules.check(declaration.id(), declaration.spec(), before),
        _ -> Optional.empty());
  }
}
