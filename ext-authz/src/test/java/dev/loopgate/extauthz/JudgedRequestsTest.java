package dev.loopgate.extauthz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Fleet;
import dev.loopgate.policy.Decision;
import dev.loopgate.policy.Question;
import dev.loopgate.testkit.JudgedRequest;
import dev.loopgate.testkit.JudgedRequest.Told;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What the proxy answers, is answered here.
final class JudgedRequestsTest {
  private final AskedPolicy policy = new AskedPolicy();
  private final Asking asking =
      new Asking(Fleet.of(List.of(Asking.model("wine", "/model/wine"))), policy);

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

  static List<JudgedRequest> ofModels() {
    return JudgedRequest.all().stream()
        .filter(request -> request.told().isNamed() && request.method().equals("POST"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("all")
  void isJudgedAsEverywhere(JudgedRequest request) {
    Told told = request.told();

    CheckResponse response =
        answer(request, Asking.request(request.method(), request.target(), "request-id: abc"));

    assertThat(Asking.passes(response)).as("%s", request).isEqualTo(told == Told.PASSES);
    assertThat(Asking.status(response)).as("%s", request).isEqualTo(told.status());
    assertThat(response.getDeniedResponse().getBody()).as("%s", request).isEqualTo(told.body());
    if (told != Told.PASSES) {
      List<String> headers = new ArrayList<>(told.headers());
      headers.add("request-id: abc");
      addNames(told, headers);
      assertThat(Asking.deniedWith(response)).as("%s", request).isEqualTo(headers);
    }
    assertThat(Asking.fact(response, "request_id")).isEqualTo("abc");
    assertThat(asking.told.words()).as("%s", request).containsExactly(word(told));
  }

  @ParameterizedTest
  @MethodSource("ofModels")
  void callersOfGrpcAreToldTheSame(JudgedRequest request) {
    Told told = request.told();

    CheckResponse response = answer(request, Asking.call(request.target(), "request-id: abc"));

    // The status is Envoy's to turn into 200, and the body into `grpc-message`.
    assertThat(Asking.passes(response)).isFalse();
    assertThat(Asking.status(response)).isEqualTo(told.status());
    assertThat(response.getStatus().getCode()).isEqualTo(told.grpcStatus());
    assertThat(response.getDeniedResponse().getBody()).isEqualTo(told.grpcMessage());
    List<String> headers = new ArrayList<>();
    headers.add("grpc-status: " + told.grpcStatus());
    headers.add("request-id: abc");
    addNames(told, headers);
    assertThat(Asking.deniedWith(response)).isEqualTo(headers);
  }

  private CheckResponse answer(JudgedRequest request, CheckRequest question) {
    policy.atOnce = decision(request.decided());
    CheckResponse response = asking.answer(question);
    assertThat(policy.questions.stream().map(Question::path).toList())
        .as("%s", request)
        .isEqualTo(request.asked() == null ? List.of() : List.of(request.asked()));
    return response;
  }

  private static String word(Told told) {
    return switch (told) {
      case PASSES -> "allowed";
      case NO_TOKEN, BAD_TOKEN, DOOR_NO_TOKEN -> "denied unauthorized";
      case FORBIDDEN, DOOR_FORBIDDEN -> "denied forbidden";
      case UNAVAILABLE, DOOR_UNAVAILABLE -> "denied not_decided";
      case CLIMBS_OUT -> "denied climbs_out";
      case UNKNOWN_MODEL -> "denied unknown_model";
      case UNKNOWN_PATH, UNKNOWN_API -> "denied unknown_path";
      case BAD_TARGET, BAD_METHOD, UNSERVED_METHOD -> "denied malformed";
    };
  }

  private static void addNames(Told told, List<String> headers) {
    if (told.isNamed()) {
      headers.add("model-name: wine");
      headers.add("model-version: unknown");
    }
  }
}
