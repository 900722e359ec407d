package dev.loopgate.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.loopgate.testkit.GrpcModel;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// A model server that speaks gRPC and nothing else, as a process of its own: at the port that the
/// variable PORT names.
final class GrpcModelProcess {
  static final String ANSWER = "auch Text";

  private GrpcModelProcess() {}

  public static void main(String... arguments) throws Exception {
    int port = Integer.parseInt(System.getenv("PORT"));
    try (GrpcModel model = GrpcModel.listen(port, List.of(ANSWER.getBytes(UTF_8)))) {
      System.out.println("serves at " + model.port());
      new CountDownLatch(1).await();
    }
  }
}
