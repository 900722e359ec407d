package dev.loopgate.app;

import static dev.loopgate.app.Rig.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.loopgate.testkit.FileLine;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.GrpcCaller;
import dev.loopgate.testkit.GrpcKind;
import io.grpc.Status;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A user deploys a model whose server speaks gRPC.
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class GrpcDeploymentIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DEPLOYMENTS = "/api/v1/model/deployment";
  private static final List<byte[]> QUESTIONS = List.of("text alone".getBytes(UTF_8));

  // Nothing goes to sleep in the first minute after a start.
  private static final Duration WITHIN = Duration.ofSeconds(150);

  @TempDir private Path directory;

  private String model() throws Exception {
    Path arguments = directory.resolve("model.arguments");
    Files.writeString(arguments, "-cp \"" + System.getProperty("java.class.path") + "\"");
    return "exec:'%s' -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx48m '@%s' %s"
        .formatted(
            Path.of(System.getProperty("java.home"), "bin", "java"),
            arguments,
            GrpcModelProcess.class.getName());
  }

  @Test
  void callsWakeItAndAnOpenStreamKeepsItAwake() throws Exception {
    Rig rig = new Rig(directory, List.of("-Xmx256m", "-XX:+UseSerialGC"), List.of());
    try (GatewayProcess gateway = rig.start("up");
        ApiCaller api = new ApiCaller();
        GrpcCaller caller = new GrpcCaller(gateway.address(), null)) {
      for (String id : List.of("talks", "naps")) {
        HttpResponse<String> created = api.ask(gateway, "POST", DEPLOYMENTS, deployment(id));
        assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
        assertThat(call(caller, id, id + "-first")).as(gateway.output()).isEqualTo(Status.Code.OK);
      }
      GrpcCaller.Call open = caller.call(GrpcKind.BIDI, "model-id", "talks", "request-id", "open");
      open.send(QUESTIONS);
      await("naps sleeps", WITHIN, () -> available(api, gateway, "naps") == 0);
      assertThat(available(api, gateway, "talks")).isOne();
      open.halfClose();
      assertThat(open.await().getCode()).isEqualTo(Status.Code.OK);
      await("talks sleeps", WITHIN, () -> available(api, gateway, "talks") == 0);
      assertThat(call(caller, "talks", "talks-again")).isEqualTo(Status.Code.OK);
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }
    for (String id : List.of("talks-first", "naps-first", "open", "talks-again")) {
      FileLine line = rig.awaitLine("request_response", id);
      assertThat(line.text("deployment")).isEqualTo(id.startsWith("naps") ? "naps" : "talks");
      assertThat(line.text("ending")).isEqualTo("complete");
      assertThat(line.text("grpc_status")).isEqualTo("0");
    }
    assertThat(rig.verify().exit()).isZero();
  }

  private String deployment(String id) throws Exception {
    return JSON.createObjectNode()
        .put("id", id)
        .set(
            "spec",
            JSON.createObjectNode()
                .put("image", model())
                .put("predictor", "none")
                .put("grpc", true)
                .put("idleTimeout", "1s"))
        .toString();
  }

  private static Status.Code call(GrpcCaller caller, String model, String id) throws Exception {
    return caller
        .call(GrpcKind.UNARY, "model-id", model, "request-id", id)
        .send(QUESTIONS)
        .halfClose()
        .await()
        .getCode();
  }

  private static int available(ApiCaller api, GatewayProcess gateway, String id) throws Exception {
    JsonNode seen = JSON.readTree(api.ask(gateway, "GET", DEPLOYMENTS + "/" + id, "").body());
    return seen.path("status").path("availableReplicas").asInt();
  }
}
