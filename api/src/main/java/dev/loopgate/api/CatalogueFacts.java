package dev.loopgate.api;

import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.DeploymentSpec;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.ModelReader.ModelCard;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.RouteSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// What the catalogue is made of, at one moment: equal facts make an equal catalogue.
///
/// @param models those that have said what they are and are not to go, by deployment, in the order
///   of ids
/// @param routes those that lead to one of them, in the order of ids
record CatalogueFacts(Map<String, ShownModel> models, List<ShownRoute> routes) {
  /// A deployment.
  ///
  /// @param name what the model is called
  /// @param version which one it is; may be empty
  /// @param state a word of [DeploymentStatus.State]
  /// @param warm whether a replica serves
  /// @param card what the model said of itself
  record ShownModel(
      String deployment,
      Predictor predictor,
      String name,
      String version,
      String state,
      boolean warm,
      ModelCard card) {}

  /// A way to models.
  ///
  /// @param prefix with a slash at its beginning and none at its end
  /// @param deployments those that it leads to, the one that gets most requests first
  record ShownRoute(String id, String prefix, List<String> deployments) {
    public ShownRoute {
      deployments = List.copyOf(deployments);
    }
  }

  /// @param cards what models said of themselves, by deployment
  static CatalogueFacts of(DeclaredStore store, Map<String, ModelCard> cards) {
    Map<String, ShownModel> models = new LinkedHashMap<>();
    for (Declared<DeploymentSpec, DeploymentStatus> each : store.list(Kind.DEPLOYMENT)) {
      ModelCard card = cards.get(each.id());
      if (card != null && !each.deletionMark()) {
        models.put(each.id(), shown(each, card));
      }
    }
    List<ShownRoute> routes = new ArrayList<>();
    for (var each : store.list(Kind.ROUTE)) {
      List<String> targets =
          each.spec().modelDeployments().stream()
              .filter(target -> models.containsKey(target.mdName()) && weight(target) > 0)
              .sorted(Comparator.comparingInt(CatalogueFacts::weight).reversed())
              .map(RouteSpec.Target::mdName)
              .distinct()
              .toList();
      String prefix = each.spec().urlPrefix();
      if (!targets.isEmpty()) {
        String whole = prefix.endsWith("/") ? prefix.substring(0, prefix.length() - 1) : prefix;
        routes.add(new ShownRoute(each.id(), whole, targets));
      }
    }
    return new CatalogueFacts(models, routes);
  }

  /// One of the models.
  ShownModel model(String deployment) {
    return Objects.requireNonNull(models.get(deployment), deployment);
  }

  /// The routes that lead to one.
  List<ShownRoute> routesTo(String deployment) {
    return routes.stream().filter(each -> each.deployments().contains(deployment)).toList();
  }

  private static ShownModel shown(
      Declared<DeploymentSpec, DeploymentStatus> declared, ModelCard card) {
    DeploymentStatus status = declared.status();
    String name = card.name().isEmpty() ? status.modelName() : card.name();
    return new ShownModel(
        declared.id(),
        declared.spec().asked(),
        name.isEmpty() ? declared.id() : name,
        card.version().isEmpty() ? status.modelVersion() : card.version(),
        status.state().word(),
        status.availableReplicas() > 0,
        card);
  }

  private static int weight(RouteSpec.Target target) {
    Integer weight = target.weight();
    return weight == null ? 100 : weight;
  }
}
