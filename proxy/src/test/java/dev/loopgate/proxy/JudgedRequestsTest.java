package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Header;
import dev.loopgate.policy.Decision;
import dev.loopgate.policy.Question;
import dev.loopgate.spool.SpoolLane;
import dev.loopgate.testkit.JudgedRequest;
import dev.loopgate.testkit.JudgedRequest.Told;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What `ext-authz` must answer in the proxy's place, the proxy answers.
@ExtendWith(LeakFree.class)
final class JudgedRequestsTest {
  private static final class Desk implements LocalService {
    private int asked;

    @Override
    public boolean serves(String method, String path) {
      return method.equals("POST") ? path.equals("/feedback") : path.equals("/");
    }

    @Override
    public Question.@Nullable Target asked(String method, String path) {
      return method.equals("POST") ? new Question.ToFeedback() : null;
    }

    @Override
    public int bodyBytesMax() {
      return 0;
    }

    @Override
    public void handle(LocalRequest request, SpoolLane lane, Consumer<LocalReply> reply) {
      asked++;
      reply.accept(LocalReply.json(200, "{}"));
    }
  }

  private final AskedPolicy policy = new AskedPolicy();
  private final Desk desk = new Desk();
  private final EmbeddedDoor door =
      new EmbeddedDoor(List.of(EmbeddedDoor.wine()), List.of(desk), 1 << 20, policy);

  private static Decision decision(JudgedRequest.Decided decided) {
    return switch (decided) {
      case ALLOWED -> AskedPolicy.ALLOWED;
      case NO_TOKEN -> AskedPolicy.NO_TOKEN;
      case BAD_TOKEN -> AskedPolicy.BAD_TOKEN;
      case FORBIDDEN -> AskedPolicy.FORBIDDEN;
      case UNAVAILABLE -> AskedPolicy.UNAVAILABLE;
    };
  }

  static List<JudgedRequest> all() {
    return JudgedRequest.all();
  }

  @ParameterizedTest
  @MethodSource("all")
  void isJudgedAsEverywhere(JudgedRequest request) {
    Told told = request.told();
    policy.atOnce = decision(request.decided());

    door.send(
        request.method()
            + " "
            + request.target()
            + " HTTP/1.1\r\nHost: d\r\nRequest-Id: abc\r\nContent-Length: 0\r\n\r\n");

    assertThat(policy.questions.stream().map(Question::path).toList())
        .as("%s", request)
        .isEqualTo(request.asked() == null ? List.of() : List.of(request.asked()));
    assertThat(!door.models.isEmpty() || desk.asked > 0)
        .as("%s", request)
        .isEqualTo(told == Told.PASSES);
    if (told != Told.PASSES) {
      String[] parts = door.received().split("\r\n\r\n", 2);
      List<String> lines = new ArrayList<>(List.of(parts[0].split("\r\n")));
      assertThat(lines.removeFirst()).startsWith("HTTP/1.1 " + told.status() + " ");
      lines.removeIf(
          line -> line.startsWith("content-length: ") || line.startsWith("connection: "));
      if (told.isMalformed()) {
        lines.removeIf(line -> line.startsWith("request-id: ")); // of what is no head, none is read
      }
      assertThat(lines).as("%s", request).isEqualTo(headersOf(told));
      assertThat(parts[1]).as("%s", request).isEqualTo(told.body());
    }
    door.caller.close();
    door.settle();
  }

  private static List<String> headersOf(Told told) {
    List<String> headers = new ArrayList<>(told.headers());
    if (!told.isMalformed()) {
      headers.add("request-id: abc");
    }
    if (told.isNamed()) {
      headers.add("model-name: wine");
      headers.add("model-version: unknown");
    }
    return headers;
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "PASSES")
  void callersOfGrpcAreToldTheSame(Told told) {
    LocalReply reply =
        Grpc.replyOf(
            new LocalReply(told.status(), List.of(), ByteBuffer.wrap(told.body().getBytes(UTF_8))));

    assertThat(reply.headers())
        .containsExactly(
            new Header("content-type", "application/grpc"),
            new Header("grpc-status", Integer.toString(told.grpcStatus())),
            new Header("grpc-message", told.grpcMessage()));
  }
}
