package dev.loopgate.fleet;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Deployments in the JSON of the contract.
final class DeploymentJson {
  private static final List<DeploymentStatus.State> STATES =
      List.of(DeploymentStatus.State.values());
  private static final List<DeploymentStatus.Reason> REASONS =
      List.of(DeploymentStatus.Reason.values());

  private DeploymentJson() {}

  static DeploymentSpec readSpec(FieldReader from) {
    return new DeploymentSpec(
        from.text("image"),
        from.text("predictor"),
        from.object(
            "resources",
            block ->
                new Resources(
                    block.object("requests", DeploymentJson::readAmounts),
                    block.object("limits", DeploymentJson::readAmounts))),
        from.texts("annotations"),
        from.int32("minReplicas"),
        from.int32("maxReplicas"),
        from.int32("livenessProbeInitialDelay"),
        from.int32("readinessProbeInitialDelay"),
        from.textOrNull("roleName"),
        from.textOrNull("imagePullConnID"),
        from.texts("nodeSelector"),
        new DeploymentSpec.Serving(
            from.duration("idleTimeout"),
            from.duration("deadline"),
            from.int32("target"),
            from.int32("maxConcurrency"),
            from.flagOrNull("idempotent"),
            from.flagOrNull("grpc")));
  }

  static ObjectNode writeSpec(DeploymentSpec spec) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("image", spec.image());
    json.put("predictor", spec.predictor());
    Resources resources = spec.resources();
    if (resources != null) {
      ObjectNode block = json.putObject("resources");
      writeAmounts(block, "requests", resources.requests());
      writeAmounts(block, "limits", resources.limits());
    }
    writeTexts(json, "annotations", spec.annotations());
    put(json, "minReplicas", spec.minReplicas());
    put(json, "maxReplicas", spec.maxReplicas());
    put(json, "livenessProbeInitialDelay", spec.livenessProbeInitialDelay());
    put(json, "readinessProbeInitialDelay", spec.readinessProbeInitialDelay());
    put(json, "roleName", spec.roleName());
    put(json, "imagePullConnID", spec.imagePullConnID());
    writeTexts(json, "nodeSelector", spec.nodeSelector());
    DeploymentSpec.Serving serving = spec.serving();
    put(json, "idleTimeout", text(serving.idleTimeout()));
    put(json, "deadline", text(serving.deadline()));
    put(json, "target", serving.target());
    put(json, "maxConcurrency", serving.maxConcurrency());
    put(json, "idempotent", serving.idempotent());
    put(json, "grpc", serving.grpc());
    return json;
  }

  static DeploymentStatus readStatus(FieldReader from) {
    String name = label(from, "modelName");
    String version = label(from, "modelVersion");
    String reason = from.text("reason");
    return new DeploymentStatus(
        Objects.requireNonNullElse(
            from.word("state", STATES, DeploymentStatus.State::word), DeploymentStatus.State.NEW),
        from.text("deployment", DeploymentStatus.NAME_LENGTH_MAX),
        from.text("hostHeader", DeploymentStatus.NAME_LENGTH_MAX),
        count(from, "availableReplicas"),
        count(from, "replicas"),
        from.instant("lastUpdatedTime"),
        name,
        version,
        reason.isEmpty() ? null : from.word("reason", REASONS, DeploymentStatus.Reason::word),
        from.freeText("message"));
  }

  static ObjectNode writeStatus(DeploymentStatus status) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    putFilled(json, "state", status.state().word());
    putFilled(json, "deployment", status.deployment());
    putFilled(json, "hostHeader", status.hostHeader());
    json.put("availableReplicas", status.availableReplicas());
    json.put("replicas", status.replicas());
    Instant renewed = status.lastUpdatedTime();
    put(json, "lastUpdatedTime", renewed == null ? null : renewed.toString());
    putFilled(json, "modelName", status.modelName());
    putFilled(json, "modelVersion", status.modelVersion());
    DeploymentStatus.Reason reason = status.reason();
    put(json, "reason", reason == null ? null : reason.word());
    putFilled(json, "message", status.message());
    return json;
  }

  private static Resources.Amounts readAmounts(FieldReader from) {
    return new Resources.Amounts(
        from.quantity("cpu"), from.quantity("memory"), from.quantity("gpu"));
  }

  private static void writeAmounts(ObjectNode into, String name, Resources.@Nullable Amounts of) {
    if (of != null) {
      ObjectNode json = into.putObject(name);
      put(json, "cpu", of.cpu());
      put(json, "memory", of.memory());
      put(json, "gpu", of.gpu());
    }
  }

  private static void writeTexts(ObjectNode into, String name, Map<String, String> texts) {
    if (!texts.isEmpty()) {
      ObjectNode json = into.putObject(name);
      texts.forEach(json::put);
    }
  }

  private static int count(FieldReader from, String name) {
    Integer count = from.int32(name);
    if (count != null && count < 0) {
      from.wrong(name, "replicas", "0 up");
      return 0;
    }
    return count == null ? 0 : count;
  }

  private static String label(FieldReader from, String name) {
    String label = from.text(name);
    if (!label.isEmpty() && !Model.isLabel(label)) {
      from.wrong(name, "model name or version", "1 to 256 printable characters");
      return "";
    }
    return label;
  }

  /// In the largest unit that says it without a fraction.
  private static @Nullable String text(@Nullable Duration span) {
    if (span == null) {
      return null;
    }
    long millis = span.toMillis();
    for (Unit unit : Unit.values()) {
      if (millis % unit.millis == 0) {
        return millis / unit.millis + unit.word;
      }
    }
    throw new IllegalStateException(Arrays.toString(Unit.values()));
  }

  private enum Unit {
    HOURS(3_600_000, "h"),
    MINUTES(60_000, "m"),
    SECONDS(1_000, "s"),
    MILLIS(1, "ms");

    final long millis;
    final String word;

    Unit(long millis, String word) {
      this.millis = millis;
      this.word = word;
    }
  }

  private static void put(ObjectNode json, String name, @Nullable String text) {
    if (text != null) {
      json.put(name, text);
    }
  }

  private static void put(ObjectNode json, String name, @Nullable Integer number) {
    if (number != null) {
      json.put(name, number.intValue());
    }
  }

  private static void put(ObjectNode json, String name, @Nullable Boolean flag) {
    if (flag != null) {
      json.put(name, flag.booleanValue());
    }
  }

  private static void putFilled(ObjectNode json, String name, String text) {
    if (!text.isEmpty()) {
      json.put(name, text);
    }
  }
}
