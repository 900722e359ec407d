package dev.loopgate.fleet;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Objects;

/// Routes in the JSON of the contract.
final class RouteJson {
  private static final List<RouteStatus.State> STATES = List.of(RouteStatus.State.values());

  private RouteJson() {}

  static RouteSpec readSpec(FieldReader from) {
    String mirror = from.text("mirror");
    return new RouteSpec(
        from.text("urlPrefix"),
        mirror.isEmpty() ? null : mirror,
        from.objects(
            "modelDeployments",
            target -> new RouteSpec.Target(target.text("mdName"), target.int32("weight"))));
  }

  static ObjectNode writeSpec(RouteSpec spec) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("urlPrefix", spec.urlPrefix());
    String mirror = spec.mirror();
    if (mirror != null) {
      json.put("mirror", mirror);
    }
    ArrayNode targets = json.putArray("modelDeployments");
    for (RouteSpec.Target target : spec.modelDeployments()) {
      ObjectNode each = targets.addObject();
      each.put("mdName", target.mdName());
      Integer weight = target.weight();
      if (weight != null) {
        each.put("weight", weight.intValue());
      }
    }
    return json;
  }

  static RouteStatus readStatus(FieldReader from) {
    return new RouteStatus(
        from.text("edgeUrl", RouteStatus.URL_LENGTH_MAX),
        Objects.requireNonNullElse(
            from.word("state", STATES, RouteStatus.State::word), RouteStatus.State.NEW));
  }

  static ObjectNode writeStatus(RouteStatus status) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("edgeUrl", status.edgeUrl());
    json.put("state", status.state().word());
    return json;
  }
}
