package dev.loopgate.extauthz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Fleet;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Contract section 2: whose Request-Id a request has.
final class IdentityTest {
  private static final String UUID7 =
      "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

  private final Asking asking =
      new Asking(Fleet.of(List.of(Asking.model("wine", "/model/wine"))), null);

  private CheckResponse ask(String... headers) {
    return asking.answer(Asking.request("POST", "/model/wine/predict", headers));
  }

  private static void checkFresh(CheckResponse response, boolean replaced) {
    String id = Asking.fact(response, "request_id");
    assertThat(id).matches(UUID7).startsWith("01a20cff-7d00"); // of the clock's time
    assertThat(Asking.isReplaced(response)).isEqualTo(replaced);
    assertThat(Asking.written(response)).containsExactly("request-id: " + id);
  }

  private static void checkKept(CheckResponse response, String id) {
    assertThat(Asking.fact(response, "request_id")).isEqualTo(id);
    assertThat(Asking.isReplaced(response)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "0198f2a4-7c3b-4d11-9e55-2b1c6f0a7d42",
        "a b~!{}\"%0d%0a",
        "a,b",
        "ABC-def",
      })
  void theCallersIsKeptByteForByteAndNotWritten(String id) {
    CheckResponse response = ask("request-id: " + id);

    checkKept(response, id);
    assertThat(Asking.written(response)).isEmpty();
  }

  @Test
  void aLengthOf256IsTheLastThatIsKept() {
    checkKept(ask("request-id: " + "x".repeat(256)), "x".repeat(256));

    checkFresh(ask("request-id: " + "x".repeat(257)), true);
    checkFresh(ask("request-id: " + "x".repeat(60_000)), true);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\tb", "a\u0000b", "a\u007f", "a\nb", "caf\u00e9", "\u00ff\u00fe", "a "})
  void whatCanNotBeAHeaderEverywhereIsReplacedAndSaidSo(String id) {
    checkFresh(ask("request-id: " + id), true);
  }

  @Test
  void bytesOfUtf8AreNoAscii() {
    checkFresh(ask("request-id: " + new String("é✓".getBytes(UTF_8), ISO_8859_1)), true);
  }

  @Test
  void absentOrEmptyIsAFreshOneAndNothingWasReplaced() {
    checkFresh(ask(), false);
    checkFresh(ask("request-id:"), false);
    checkFresh(ask("request-id:", "request-id: b"), false);
  }

  @Test
  void noTwoAreTheSame() {
    assertThat(Asking.fact(ask(), "request_id")).isNotEqualTo(Asking.fact(ask(), "request_id"));
  }

  @Test
  void ofSeveralTheFirstIsWrittenOverAll() {
    CheckResponse response = ask("request-id: a", "x: y", "Request-Id: b", "request-id: c");

    checkKept(response, "a");
    assertThat(Asking.written(response)).containsExactly("request-id: a");
    checkFresh(ask("request-id: \u00e4", "request-id: b"), true);
  }

  @Test
  void theOneOfEnvoyIsNeverTaken() {
    checkFresh(ask("x-request-id: 0198f2a4-7c3b-7d11-9e55-2b1c6f0a7d42"), false);
  }

  @Test
  void rawBytesStandAboveText() {
    CheckRequest raw = Asking.request("POST", "/model/wine/predict", "request-id: a");
    AttributeContext.HttpRequest.Builder http =
        raw.getAttributes().getRequest().getHttp().toBuilder().putHeaders("request-id", "b");
    http.getHeaderMapBuilder().getHeadersBuilder(2).setValue("c");

    checkKept(asking.answer(Asking.question(http.build())), "a");
  }

  @Test
  void textIsTakenWhereEnvoySendsNoBytes() {
    AttributeContext.HttpRequest.Builder http =
        Asking.request("POST", "/model/wine/predict")
            .getAttributes()
            .getRequest()
            .getHttp()
            .toBuilder()
            .clearHeaderMap();

    checkFresh(asking.answer(Asking.question(http.build())), false);
    http.putHeaders("request-id", "joined,by,envoy");
    checkKept(asking.answer(Asking.question(http.build())), "joined,by,envoy");
    http.putHeaders("request-id", "é");
    checkFresh(asking.answer(Asking.question(http.build())), true);
  }

  @Test
  void whoIsNobodysGetsOneToo() {
    CheckResponse response = asking.answer(Asking.request("GET", "/elsewhere"));

    assertThat(Asking.passes(response)).isTrue();
    checkFresh(response, false);
    assertThat(Asking.fact(response, "route")).isNull();
  }

  @Test
  void feedbackKeepsTheOneItIsFor() {
    for (String[] headers : new String[][] {{}, {"request-id: \u00e4"}, {"request-id: a"}}) {
      CheckResponse response = asking.answer(Asking.request("POST", "/feedback", headers));

      assertThat(Asking.passes(response)).isTrue();
      assertThat(Asking.written(response)).isEmpty(); // the door tells whose is missing or wrong
    }
  }
}
