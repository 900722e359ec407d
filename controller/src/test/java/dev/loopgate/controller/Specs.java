package dev.loopgate.controller;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.loopgate.fleet.ConnectionSpec;
import dev.loopgate.fleet.DeclaredJson;
import dev.loopgate.fleet.DeploymentSpec;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.MalformedException;
import dev.loopgate.fleet.RouteSpec;
import java.time.Instant;
import java.util.Map;

/// Things to declare.
final class Specs {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Specs() {}

  static DeploymentSpec deployment(String image) {
    return read(Kind.DEPLOYMENT, "{'image':'" + image + "','predictor':'none'}");
  }

  static DeploymentSpec scaled(String image, int min, int max) {
    return read(
        Kind.DEPLOYMENT,
        "{'image':'"
            + image
            + "','predictor':'none','minReplicas':"
            + min
            + ",'maxReplicas':"
            + max
            + "}");
  }

  static DeploymentSpec pulled(String image, String connection) {
    return read(
        Kind.DEPLOYMENT,
        "{'image':'" + image + "','predictor':'none','imagePullConnID':'" + connection + "'}");
  }

  /// As nobody reads it from JSON.
  static DeploymentSpec annotated(Map<String, String> annotations) {
    DeploymentSpec plain = deployment("i");
    return new DeploymentSpec(
        plain.image(),
        plain.predictor(),
        plain.resources(),
        annotations,
        plain.minReplicas(),
        plain.maxReplicas(),
        plain.livenessProbeInitialDelay(),
        plain.readinessProbeInitialDelay(),
        plain.roleName(),
        plain.imagePullConnID(),
        plain.nodeSelector(),
        plain.serving());
  }

  static RouteSpec route(String prefix, String deployment) {
    return read(
        Kind.ROUTE,
        "{'urlPrefix':'"
            + prefix
            + "','modelDeployments':[{'mdName':'"
            + deployment
            + "','weight':100}]}");
  }

  static ConnectionSpec docker(String password) {
    return read(
        Kind.CONNECTION,
        "{'type':'docker','uri':'registry','username':'ann','password':'"
            + password
            + "','keyID':'a2V5SUQ=','keySecret':'a2V5U2VjcmV0','publicKey':'cHVibGljS2V5'}");
  }

  static ConnectionSpec vital(boolean vital) {
    return read(Kind.CONNECTION, "{'type':'docker','uri':'registry','vital':" + vital + "}");
  }

  static DeploymentStatus ready(int replicas) {
    return new DeploymentStatus(
        DeploymentStatus.State.READY,
        "wine",
        "",
        replicas,
        replicas,
        null,
        "Wine",
        "1.0",
        null,
        "");
  }

  /// Every text as long as it may be, of letters that take the most room in a file.
  static DeploymentStatus wordy() {
    return new DeploymentStatus(
        DeploymentStatus.State.PROCESSING,
        "\u20ac".repeat(253),
        "\u20ac".repeat(253),
        Integer.MAX_VALUE,
        Integer.MAX_VALUE,
        Instant.parse("2026-11-27T10:00:00.123456Z"),
        "\u20ac".repeat(256),
        "\u20ac".repeat(256),
        DeploymentStatus.Reason.PULL_CONNECTION_NOT_FOUND,
        "\u0001".repeat(1024));
  }

  static <S, T> S read(Kind<S, T> kind, String spec) {
    try {
      return DeclaredJson.read(kind, MAPPER.readTree(("{'spec':" + spec + "}").replace('\'', '"')))
          .spec();
    } catch (MalformedException | JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
