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

/// Things to declare.
final class Specs {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Specs() {}

  static DeploymentSpec deployment(String image) {
    return read(Kind.DEPLOYMENT, "{'image':'" + image + "','predictor':'none'}");
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

  static <S, T> S read(Kind<S, T> kind, String spec) {
    try {
      return DeclaredJson.read(kind, MAPPER.readTree(("{'spec':" + spec + "}").replace('\'', '"')))
          .spec();
    } catch (MalformedException | JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
