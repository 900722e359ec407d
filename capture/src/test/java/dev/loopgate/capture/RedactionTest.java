package dev.loopgate.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RedactionTest {
  private static final Redaction RULES = Redaction.DEFAULT;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "authorization",
        "x-jwt",
        "x-user",
        "x-email",
        "cookie",
        "set-cookie",
        "proxy-authorization",
        "x-api-key",
        "api-key",
        "x-goog-api-key",
        "x-amz-security-token"
      })
  void removesTheHeadersOfTheContract(String name) {
    List<Header> all =
        List.of(new Header("accept", "*/*"), new Header(name, "secret"), new Header("x-b", "2"));

    assertThat(RULES.redact(all))
        .containsExactly(new Header("accept", "*/*"), new Header("x-b", "2"));
  }

  @Test
  void removesAHeaderHoweverItsNameIsSpelled() {
    List<Header> all = List.of(new Header("AuthoriZation", "secret"), new Header("X-API-Key", "s"));

    assertThat(RULES.redact(all)).isEmpty();
  }

  @Test
  void removesByExactNameOnlyAndKeepsOrderAndRepetition() {
    List<Header> all =
        List.of(
            new Header("x-authorization-info", "kept"),
            new Header("cookie2", "kept"),
            new Header("accept", "a"),
            new Header("accept", "b"));

    assertThat(RULES.redact(all)).isEqualTo(all);
  }

  @Test
  void configuredNamesWorkWhateverTheirCase() {
    Redaction rules = new Redaction(Set.of("X-Secret"), Set.of("Pin"));

    assertThat(rules.redact(List.of(new Header("x-secret", "s")))).isEmpty();
    assertThat(rules.maskQuery("/a?pin=1234")).isEqualTo("/a?pin=*****");
    assertThat(rules.maskQuery("/a?token=kept")).isEqualTo("/a?token=kept");
  }

  @Test
  void patternsHoldBesideNames() {
    Redaction rules = new Redaction(Set.of("X-Secret-*", "cookie"), Set.of("*token*", "pin"));

    assertThat(
            rules.redact(
                List.of(
                    new Header("x-secret-a", "s"),
                    new Header("x-secret-", "s"),
                    new Header("cookie", "s"),
                    new Header("x-secre", "kept"))))
        .containsExactly(new Header("x-secre", "kept"));
    assertThat(rules.touches("x-secret-b")).isTrue();
    assertThat(rules.touches("x-secret")).isFalse();
    assertThat(rules.maskQuery("/a?My%54oken=1&pin=2&pins=3&atokens[]=4"))
        .isEqualTo("/a?My%54oken=*****&pin=*****&pins=3&atokens[]=*****");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"x-original-uri", "x-envoy-original-path", "x-envoy-original-url", "referer"})
  void masksInsideHeadersThatCarryAUrl(String name) {
    assertThat(RULES.redact(List.of(new Header(name, "https://h/p?a=1&token=secret"))))
        .containsExactly(new Header(name, "https://h/p?a=1&token=*****"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "access_token",
        "token",
        "api_key",
        "apikey",
        "key",
        "sig",
        "signature",
        "password"
      })
  void masksTheQueryParametersOfTheContract(String name) {
    assertThat(RULES.maskQuery("/p?a=1&" + name + "=secret&b=2"))
        .isEqualTo("/p?a=1&" + name + "=*****&b=2");
  }

  @ParameterizedTest
  @CsvSource({
    "/p, /p",
    "/p?, /p?",
    "/p?a=1, /p?a=1",
    "/p?token, /p?token", // no value
    "/p?token=, /p?token=*****",
    "/p?token=secret, /p?token=*****",
    "/p?token=secret&token=secret, /p?token=*****&token=*****",
    "/p?&&token=secret&&, /p?&&token=*****&&",
    "/p?tokens=kept&mytoken=kept, /p?tokens=kept&mytoken=kept",
    "/token=kept?a=token, /token=kept?a=token",
    "/p?a=1=token=kept, /p?a=1=token=kept",
    "?token=secret, ?token=*****",
    "/p?%61=1, /p?%61=1",
  })
  void masksValuesAndLeavesTheRestAsItIs(String uri, String masked) {
    assertThat(RULES.maskQuery(uri)).isEqualTo(masked);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/p?TOKEN=secret",
        "/p?ToKeN=secret",
        "/p?%74oken=secret", // percent-encoded
        "/p?%54%4F%4b%45%4E=secret", // all of it, mixed case
        "/p?tok%65n=secret",
        "/p?api%5Fkey=secret",
        "/p?a=1;token=secret", // the older separator
        "/p?a=1?token=secret", // a second question mark
        "/p?token=se?secret",
        "/p?token=se;secret", // the value goes on where only & separates
        "/p?token=se#secret",
        "/p?token=se;a=secret",
        "/p?token=s=secret",
        "/p?token==secret",
        "/p#access_token=secret", // an OAuth fragment, without a query
        "/p?a=1#access_token=secret",
        "/p?+token=secret", // servers that trim
        "/p?%20token%20=secret",
        "/p?token%00=secret",
        "/p?token[]=secret", // servers that read lists
        "/p?token%5B0%5D=secret",
        "/p?token=a&%74oken=secret",
        "/p?token=%73secret%26",
        "/p?\u212aey=secret", // KELVIN SIGN is k in lower case
        "/p?%E2%84%AAey=secret",
        "/p?a=%&token=secret", // broken encoding before
        "/p?%zz=1&token=secret",
      })
  void noSpellingHidesASecret(String uri) {
    assertThat(RULES.maskQuery(uri)).as(uri).doesNotContain("secret").contains("*****");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/p?%zz=kept", "/p?tok%=kept", "/p?%=kept", "/p?%c3%28=kept", "/p?[=kept"})
  void whatIsNoEncodingIsItsOwnName(String uri) {
    assertThat(RULES.maskQuery(uri)).isEqualTo(uri);
  }

  @Test
  void aLongHostileQueryTakesLinearTime() {
    String uri = "/p?" + "token=x&;?#".repeat(100_000);

    String masked = RULES.maskQuery(uri);

    assertThat(masked).doesNotContain("=x");
  }
}
