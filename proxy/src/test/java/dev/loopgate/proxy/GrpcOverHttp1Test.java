package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.capture.GrpcStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// A caller in HTTP/1.1 whose body calls itself gRPC, which is spoken in HTTP/2 alone: what we say
/// in a model's place is said in HTTP, as to anybody.
@ExtendWith(LeakFree.class)
final class GrpcOverHttp1Test {
  private static final String REST =
      " HTTP/1.1\r\nHost: d\r\nContent-Type: application/grpc\r\nContent-Length: 5\r\n\r\nhello";

  private final EmbeddedDoor door = new EmbeddedDoor(EmbeddedDoor.wine());

  @AfterEach
  void close() {
    door.caller.close();
    door.settle();
  }

  @Test
  void aModelThatCanNotBeReachedIs502() {
    door.refusesConnections = true;

    door.send("POST /model/wine/predict" + REST);

    assertThat(door.received())
        .startsWith("HTTP/1.1 502 ")
        .contains("content-type: application/json")
        .endsWith("{\"error\":\"Model wine can not be reached\"}")
        .doesNotContain("grpc-");
    assertThat(door.only().ending()).isEqualTo(Ending.MODEL_UNREACHABLE);
    assertThat(door.only().prediction().grpc()).isEqualTo(GrpcStatus.NONE);
  }

  @Test
  void aModelThatIsNotThereIs404() {
    door.send("POST /model/other/predict" + REST);

    assertThat(door.received()).startsWith("HTTP/1.1 404 ").doesNotContain("grpc-");
    assertThat(door.lane.kept()).isEmpty();
  }

  @Test
  void aPathIsNoMethod() {
    door.send("POST /inference.GRPCInferenceService/ModelInfer" + REST);

    assertThat(door.received()).startsWith("HTTP/1.1 404 ").doesNotContain("grpc-");
    assertThat(door.told.words).doesNotContain("unknown model");
  }
}
