package dev.loopgate.app;

import dev.loopgate.fleet.ModelRoute;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The list of routes by weight: in a file as YAML, in an option or variable as the same YAML in
/// one line. Whether the models they name are there is looked at with the models.
record RoutesKind() implements Kind<List<ModelRoute>> {
  private static final int ROUTES_MAX = 1_024;
  private static final int TARGETS_MAX = 100; // as many as weights can tell apart
  private static final Set<String> FIELDS =
      new LinkedHashSet<>(List.of("id", "prefix", "targets", "mirror"));
  private static final Set<String> TARGET_FIELDS = new LinkedHashSet<>(List.of("model", "weight"));

  @Override
  public List<ModelRoute> parse(Raw raw) {
    List<ModelRoute> routes = new ArrayList<>();
    for (Raw item : Listing.items(raw, ROUTES_MAX, allowed())) {
      routes.add(route(item, "routes[" + routes.size() + "]"));
    }
    return List.copyOf(routes);
  }

  @Override
  public String label() {
    return "ROUTES";
  }

  @Override
  public String allowed() {
    return "a list of at most "
        + ROUTES_MAX
        + " routes like [{id: ab, prefix: /custom/ab, targets: [{model: a, weight: 90}, {model: b, weight:"
        + " 10}], mirror: c}]";
  }

  private ModelRoute route(Raw raw, String at) {
    Map<String, Raw> fields = Listing.fields(raw, at, FIELDS, allowed());
    String prefix = Listing.text(fields, at, "prefix");
    List<ModelRoute.Target> targets = new ArrayList<>();
    Raw said = fields.get("targets");
    if (said != null) {
      if (!(said instanceof Raw.Items(String _, List<Raw> items)) || items.size() > TARGETS_MAX) {
        throw new NotAllowedException(
            at
                + ".targets is a list of at most "
                + TARGETS_MAX
                + " like [{model: a, weight: 100}]");
      }
      for (Raw item : items) {
        targets.add(target(item, at + ".targets[" + targets.size() + "]"));
      }
    }
    String id = Listing.text(fields, at, "id");
    String mirror = Listing.text(fields, at, "mirror");
    ModelsKind.refuseOwn(prefix == null ? "" : prefix, at);
    try {
      return new ModelRoute(id == null ? "" : id, prefix == null ? "" : prefix, targets, mirror);
    } catch (IllegalArgumentException e) {
      throw new NotAllowedException(at + ": " + e.getMessage());
    }
  }

  private ModelRoute.Target target(Raw raw, String at) {
    Map<String, Raw> fields = Listing.fields(raw, at, TARGET_FIELDS, allowed());
    String model = Listing.text(fields, at, "model");
    if (model == null) {
      throw new NotAllowedException(at + ".model is needed: the id of a model");
    }
    String weight = Listing.text(fields, at, "weight");
    if (weight != null && !weight.matches("-?[0-9]{1,9}")) {
      throw new NotAllowedException(
          at + ".weight is a whole number from 0 to 100, not " + Shown.of(weight));
    }
    return new ModelRoute.Target(model, weight == null ? null : Integer.valueOf(weight));
  }
}
