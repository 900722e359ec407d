package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.Answer;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.Payload;
import dev.loopgate.testkit.ScriptedModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Between SIGTERM and the closing of the door: not ready, and everybody is served.
final class LeavingIT {
  @Test
  void isNotReadyAndServesOnBeforeTheDoorCloses(@TempDir Path directory) throws Exception {
    List<String> ids = new ArrayList<>(List.of("before", "on-a-new-connection"));
    Rig rig;
    try (ScriptedModel model = ScriptedModel.start();
        ExecutorService stopper = Executors.newVirtualThreadPerTaskExecutor()) {
      rig = Rig.infrontOf(directory, model.url()).with("--drain-delay", "3s");
      try (GatewayProcess gateway = rig.start();
          Caller kept = gateway.call()) {
        assertThat(predict(kept, "before").header("connection")).isEmpty();
        Future<Integer> stopped = stopper.submit(gateway::stop);
        Rig.await("a gateway that is not ready", () -> gateway.get("/readyz").status() == 503);

        // It says so a moment before its connections know.
        Rig.await(
            "an answer that ends the old connection",
            () -> {
              ids.add("old-" + ids.size());
              Answer onOld = predict(kept, ids.getLast());
              assertThat(onOld.status()).isEqualTo(200);
              return onOld.header("connection").contains("close");
            });
        Answer onNew;
        try (Caller fresh = gateway.call()) {
          onNew = predict(fresh, "on-a-new-connection");
        }

        assertThat(onNew.status()).isEqualTo(200);
        assertThat(onNew.header("connection")).contains("close");
        assertThat(gateway.get("/healthz").status()).isEqualTo(200);
        assertThat(stopped.get()).as(gateway.output()).isZero();
      }
    }
    for (String id : ids) {
      assertThat(rig.linesOf("request_response", id)).as(id).hasSize(1);
    }
  }

  private static Answer predict(Caller caller, String id) throws Exception {
    caller.send("POST", "/model/m/x", Map.of("request-id", id), Framing.LENGTH, Payload.NONE);
    return caller.receive("POST");
  }
}
