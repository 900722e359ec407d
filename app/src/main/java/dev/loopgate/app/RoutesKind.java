package dev.loopgate.app;

import dev.loopgate.fleet.ModelRoute;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The list of routes by weight: in a file as YAML, in an option or variable as the same YAML in
/// one line. Whether the models they name are there is looked at with the models.
record RoutesKind() implements Kind<List<ModelRoute>> {
  /// No routes but those of the models.
  static final String NONE = "[]";

  private static final int ROUTES_MAX = 1_024;
  private static final int TARGETS_MAX = 100; // as many as weights can tell apart
  private static final Set<String> FIELDS =
      new LinkedHashSet<>(List.of("id", "prefix", "targets", "mirror"));
  private static final Set<String> TARGET_FIELDS = new LinkedHashSet<>(List.of("model", "weight"));

  @Override
  public List<ModelRoute> parse(Raw raw) {
    if (raw instanceof Raw.Text(String _, String text) && text.equals(NONE)) {
      return List.of(); // the default, for which the YAML parser need not be loaded
    }
    Raw list =
        raw instanceof Raw.Text(String where, String text) ? ConfigFile.inline(where, text) : raw;
    if (!(list instanceof Raw.Items(String _, List<Raw> items)) || items.size() > ROUTES_MAX) {
      throw new NotAllowedException(allowed());
    }
    List<ModelRoute> routes = new ArrayList<>();
    for (Raw item : items) {
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
    Map<String, Raw> fields = fields(raw, at, FIELDS);
    String prefix = text(fields, at, "prefix");
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
    String id = text(fields, at, "id");
    String mirror = text(fields, at, "mirror");
    ModelsKind.refuseOwn(prefix == null ? "" : prefix, at);
    try {
      return new ModelRoute(id == null ? "" : id, prefix == null ? "" : prefix, targets, mirror);
    } catch (IllegalArgumentException e) {
      throw new NotAllowedException(at + ": " + e.getMessage());
    }
  }

  private ModelRoute.Target target(Raw raw, String at) {
    Map<String, Raw> fields = fields(raw, at, TARGET_FIELDS);
    String model = text(fields, at, "model");
    if (model == null) {
      throw new NotAllowedException(at + ".model is needed: the id of a model");
    }
    String weight = text(fields, at, "weight");
    if (weight != null && !weight.matches("-?[0-9]{1,9}")) {
      throw new NotAllowedException(
          at + ".weight is a whole number from 0 to 100, not " + Shown.of(weight));
    }
    return new ModelRoute.Target(model, weight == null ? null : Integer.valueOf(weight));
  }

  private Map<String, Raw> fields(Raw raw, String at, Set<String> known) {
    if (!(raw instanceof Raw.Fields(String _, Map<String, Raw> fields))) {
      throw new NotAllowedException(allowed());
    }
    for (String field : fields.keySet()) {
      if (!known.contains(field)) {
        throw new NotAllowedException(
            at
                + " has the fields "
                + String.join(", ", known)
                + ", not "
                + Shown.of(field)
                + Shown.didYouMean(field, known));
      }
    }
    return fields;
  }

  private static @Nullable String text(Map<String, Raw> fields, String at, String name) {
    Raw raw = fields.get(name);
    if (raw == null) {
      return null;
    }
    if (raw instanceof Raw.Text(String _, String text)) {
      return text;
    }
    throw new NotAllowedException(at + "." + name + " is a text, not " + Shown.of(raw));
  }
}
