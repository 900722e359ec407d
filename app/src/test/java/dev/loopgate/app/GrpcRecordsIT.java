package dev.loopgate.app;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.FileLine;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.GrpcCaller;
import dev.loopgate.testkit.GrpcKind;
import dev.loopgate.testkit.GrpcModel;
import io.grpc.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the files of the real product say of gRPC calls of each kind.
final class GrpcRecordsIT {
  private static final List<byte[]> QUESTIONS = List.of("text alone".getBytes(UTF_8));
  private static final List<byte[]> ANSWERS =
      List.of("auch Text".getBytes(UTF_8), new byte[] {-1, 0});

  @TempDir private Path directory;

  @Test
  void eachCallIsOneRecordWithMessagesAndStatus() throws Exception {
    try (GrpcModel good = GrpcModel.start(GrpcModel.Play.ANSWERS, ANSWERS);
        GrpcModel bad = GrpcModel.start(GrpcModel.Play.FAILS, ANSWERS)) {
      Files.writeString(
          directory.resolve("loopgate.yaml"),
          """
          models:
            - {id: good, url: "http://127.0.0.1:%d", protocol: h2c, grpc: true, version: "1"}
            - {id: bad, url: "http://127.0.0.1:%d", protocol: h2c, grpc: true, version: "1"}
          """
              .formatted(good.port(), bad.port()));
      Rig rig =
          new Rig(
              directory,
              List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
              List.of("--config", directory.resolve("loopgate.yaml").toString()));
      try (GatewayProcess gateway = rig.start();
          GrpcCaller caller = new GrpcCaller(gateway.address(), null)) {
        for (GrpcKind kind : GrpcKind.values()) {
          assertThat(call(caller, kind, "good").getCode()).isEqualTo(Status.Code.OK);
          assertThat(call(caller, kind, "bad").getDescription())
              .isEqualTo(GrpcModel.FAILURE.getDescription());
        }
        assertThat(gateway.stop()).as(gateway.output()).isZero();
      }
      assertThat(rig.lines()).hasSize(4 * GrpcKind.values().length); // two streams
      for (GrpcKind kind : GrpcKind.values()) {
        check(rig, kind, "good", "0", "");
        check(rig, kind, "bad", "5", String.valueOf(GrpcModel.FAILURE.getDescription()));
      }
      assertThat(rig.verify().exit()).isZero();
    }
  }

  private static Status call(GrpcCaller caller, GrpcKind kind, String model) throws Exception {
    return caller
        .call(kind, "model-id", model, "request-id", model + kind)
        .send(QUESTIONS)
        .halfClose()
        .await();
  }

  private static void check(Rig rig, GrpcKind kind, String model, String code, String message)
      throws Exception {
    FileLine line = rig.awaitLine("request_response", model + kind);
    assertThat(line.text("deployment")).isEqualTo(model);
    assertThat(line.text("ending")).isEqualTo("complete");
    assertThat(line.text("grpc_status")).isEqualTo(code);
    assertThat(line.text("grpc_message")).isEqualTo(message);
    assertThat(line.text("encoding")).isEqualTo("base64");
    assertThat(decoded(line, "request_content")).isEqualTo(GrpcKind.framed(QUESTIONS));
    List<byte[]> answers =
        kind.streamsAnswers() ? ANSWERS : model.equals("good") ? ANSWERS.subList(0, 1) : List.of();
    FileLine answer = rig.awaitLine("response_body", model + kind);
    assertThat(decoded(answer, "response_content")).isEqualTo(GrpcKind.framed(answers));
  }

  private static String decoded(FileLine line, String field) {
    return new String(Base64.getDecoder().decode(line.text(field)), ISO_8859_1);
  }
}
