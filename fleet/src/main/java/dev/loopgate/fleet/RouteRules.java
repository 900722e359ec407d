package dev.loopgate.fleet;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// What the contract demands of a route (section 6), and what holds where it says nothing.
public final class RouteRules {
  /// What a route is looked at with. A store knows both.
  public interface Known {
    /// Whether there is a deployment with this id.
    boolean hasDeployment(String id);

    /// The route that has this prefix.
    Optional<String> routeAt(String urlPrefix);

    /// What the store knows at this moment.
    static Known of(DeclaredStore store) {
      return new Known() {
        @Override
        public boolean hasDeployment(String id) {
          return store.get(Kind.DEPLOYMENT, id).isPresent();
        }

        @Override
        public Optional<String> routeAt(String urlPrefix) {
          return store.list(Kind.ROUTE).stream()
              .filter(route -> route.spec().urlPrefix().equals(urlPrefix))
              .map(Declared::id)
              .findFirst();
        }
      };
    }
  }

  private static final String PREFIX = "/spec/urlPrefix";
  private static final String TARGETS = "/spec/modelDeployments";
  // What the gateway serves itself. A route there would take it away, also from who would undo it.
  private static final List<String> OWN =
      List.of("/api", "/health", "/healthz", "/metrics", "/readyz", "/service-catalog", "/swagger");
  private static final int TARGETS_MAX = 100; // no more of them can have a weight

  private final String customPrefix;

  /// The rules.
  ///
  /// @param customPrefix what every prefix has to lie under; empty for nothing
  public RouteRules(String customPrefix) {
    this.customPrefix = customPrefix;
  }

  /// What is wrong with `route`, and its spec with defaults filled in. Of an update
  /// [#refusalOfUpdate] is asked first: the prefix of a default route is one that is forbidden
  /// here.
  public Verdict<RouteSpec> check(Declaration<RouteSpec> route, Known known) {
    RouteSpec spec = filled(route.spec());
    List<Violation> ids = new ArrayList<>();
    Ids.check(route.id(), ids);
    List<Violation> main = new ArrayList<>();
    checkPrefix(route.id(), spec.urlPrefix(), known, main);
    String mirror = spec.mirror();
    if (mirror != null && !known.hasDeployment(mirror)) {
      main.add(new Violation("/spec/mirror", notFound(mirror)));
    }
    List<Violation> targets = new ArrayList<>();
    checkTargets(spec.modelDeployments(), known::hasDeployment, targets);
    List<Violation> all = new ArrayList<>(ids);
    all.addAll(main);
    all.addAll(targets);
    List<String> parts = new ArrayList<>(messages(ids));
    if (!main.isEmpty()) {
      parts.add("Validation of model route is failed: " + String.join("; ", messages(main)));
    }
    parts.addAll(messages(targets));
    return new Verdict<>(spec, all, String.join("; ", parts));
  }

  /// Why nobody may declare this: that it is a default route. Empty when it is none.
  public static Optional<String> refusalOfNew(Declaration<RouteSpec> route) {
    return route.isDefault() ? Optional.of("unable to create default route") : Optional.empty();
  }

  /// Why it can't be updated by itself: it is a default route. Empty when it is none. Asked before
  /// [#check], which has another message for it.
  public static Optional<String> refusalOfUpdate(Declared<?, ?> route) {
    return refusal(route, "update");
  }

  /// Why it can't be deleted by itself: it is a default route. Empty when it is none.
  public static Optional<String> refusalOfDeletion(Declared<?, ?> route) {
    return refusal(route, "delete");
  }

  private static Optional<String> refusal(Declared<?, ?> route, String verb) {
    return route.isDefault()
        ? Optional.of("unable to " + verb + " default route with ID \"" + route.id() + "\"")
        : Optional.empty();
  }

  private static RouteSpec filled(RouteSpec spec) {
    List<RouteSpec.Target> targets = spec.modelDeployments();
    if (targets.size() != 1 || targets.getFirst().weight() != null) {
      return spec;
    }
    RouteSpec.Target all = new RouteSpec.Target(targets.getFirst().mdName(), ModelRoute.WEIGHTS);
    return new RouteSpec(spec.urlPrefix(), spec.mirror(), List.of(all));
  }

  private void checkPrefix(String id, String prefix, Known known, List<Violation> wrong) {
    if (prefix.isEmpty()) {
      wrong.add(new Violation(PREFIX, "empty URL Prefix"));
      return;
    }
    Optional<String> tooLong = ModelRoute.wrongLength(prefix);
    if (tooLong.isPresent()) {
      wrong.add(new Violation(PREFIX, tooLong.get()));
      return;
    }
    if (!prefix.startsWith("/")) {
      wrong.add(new Violation(PREFIX, "the URL prefix must start with slash"));
      return;
    }
    if (!ModelRoute.isUnder(customPrefix, prefix)) {
      wrong.add(new Violation(PREFIX, "custom URL prefix must start with " + customPrefix));
    }
    Optional<String> forbidden =
        ModelRoute.forbiddenAbove(prefix)
            .or(() -> OWN.stream().filter(top -> ModelRoute.isUnder(top, prefix)).findFirst());
    forbidden.ifPresent(
        top -> wrong.add(new Violation(PREFIX, "the URL prefix " + top + " is forbidden")));
    if (!ModelRoute.isPlain(prefix)) {
      wrong.add(new Violation(PREFIX, ModelRoute.NOT_PLAIN));
      return;
    }
    known
        .routeAt(prefix)
        .filter(other -> !other.equals(id))
        .ifPresent(other ->
            wrong.add(
                new Violation(
                    PREFIX, "the URL prefix " + Shown.of(prefix) + " is used by route " + other)));
  }

  private static void checkTargets(
      List<RouteSpec.Target> targets, Predicate<String> isDeployment, List<Violation> wrong) {
    if (targets.isEmpty()) {
      wrong.add(
          new Violation(TARGETS, "model deployment targets must contain at least one element"));
      return;
    }
    if (targets.size() > TARGETS_MAX) {
      wrong.add(
          new Violation(
              TARGETS,
              "model deployment targets must contain at most " + TARGETS_MAX + " elements"));
      return;
    }
    checkWeights(targets, wrong);
    for (int i = 0; i < targets.size(); i++) {
      String name = targets.get(i).mdName();
      if (!isDeployment.test(name)) {
        wrong.add(new Violation(TARGETS + "/" + i + "/mdName", notFound(name)));
      }
    }
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < targets.size(); i++) {
      RouteSpec.Target target = targets.get(i);
      Integer weight = target.weight();
      if (weight != null && weight < 0) {
        wrong.add(
            new Violation(TARGETS + "/" + i + "/weight", "target weight must not be negative"));
      }
      if (!seen.add(target.mdName())) {
        wrong.add(
            new Violation(
                TARGETS + "/" + i + "/mdName",
                "model deployment target " + Shown.of(target.mdName()) + " is repeated"));
      }
    }
  }

  private static void checkWeights(List<RouteSpec.Target> targets, List<Violation> wrong) {
    boolean said = true;
    long sum = 0;
    for (RouteSpec.Target target : targets) {
      Integer weight = target.weight();
      said &= weight != null;
      sum += weight == null ? 0 : weight;
    }
    if (targets.size() == 1) {
      if (sum != ModelRoute.WEIGHTS) {
        wrong.add(
            new Violation(
                TARGETS + "/0/weight",
                "it must have 100 weight or nil value if there is only one target"));
      }
      return;
    }
    if (!said) {
      wrong.add(
          new Violation(
              TARGETS,
              "weights must be present if there are more than one model deployment targets"));
    }
    if (sum != ModelRoute.WEIGHTS) {
      wrong.add(new Violation(TARGETS, "total target weight does not equal 100"));
    }
  }

  private static String notFound(String id) {
    return "entity \"" + Shown.of(id) + "\" is not found";
  }

  private static List<String> messages(List<Violation> violations) {
    return violations.stream().map(Violation::message).collect(Collectors.toList());
  }
}
