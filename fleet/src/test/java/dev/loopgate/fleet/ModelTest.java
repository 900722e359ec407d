package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ModelTest {
  private static final String URL = "http://127.0.0.1:5000";

  @ParameterizedTest
  @ValueSource(strings = {"a", "a1", "a-b", "wine-quality", "a--b"})
  void takesTheIdsOfTheContract(String id) {
    assertThat(model(id, URL, "/model/" + id).id()).isEqualTo(id);
  }

  @Test
  void takesAnIdOfSixtyThreeLettersAndNotOfSixtyFour() {
    assertThat(model("a".repeat(63), URL, "").id()).hasSize(63);
    assertThatIllegalArgumentException().isThrownBy(() -> model("a".repeat(64), URL, ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "A", "1a", "-a", "a-", "a_b", "a/b", "..", "a b", "a\n", "\u00e4"})
  void refusesOtherIds(String id) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model(id, URL, ""))
        .withMessageContaining("model id: value=" + id);
  }

  @ParameterizedTest
  @CsvSource({
    "http://127.0.0.1:5000, 127.0.0.1, 5000, '', 127.0.0.1:5000",
    "http://model, model, 80, '', model:80",
    "http://model/, model, 80, '', model:80",
    "http://model:8080/base, model, 8080, /base, model:8080",
    "http://model:8080/base/v1//, model, 8080, /base/v1, model:8080",
    "https://model, model, 443, '', model:443",
    "http://[::1]:9000, [::1], 9000, '', [::1]:9000",
  })
  void readsTheParts(String url, String host, int port, String base, String authority) {
    Model model = model("a", url, "");

    assertThat(model.replica().host()).isEqualTo(host);
    assertThat(model.replica().port()).isEqualTo(port);
    assertThat(model.replica().basePath()).isEqualTo(base);
    assertThat(model.replica().authority()).isEqualTo(authority);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTPS://model",
        "model:5000",
        "/path",
        "http:///path",
        "http://user:pass@model",
        "http://model?a=1",
        "http://model#a",
        "http://model:0",
        "http://model:65536",
        "ftp://model"
      })
  void refusesOtherUrls(String url) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model("a", url, ""))
        .withMessageContaining("model url: value=")
        .withMessageContaining("allowed=http[s]://host:port[/path]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/model/a", "/custom/x/y", "/v2", "/a.b/~c", "/..a"})
  void takesPrefixes(String prefix) {
    assertThat(model("a", URL, prefix).prefix()).isEqualTo(prefix);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/", "a", "/a/", "//a", "/a//b", "/a b", "/a?b", "/a#b", "/a%20b", "/..", "/a/../b", "/./a",
        "/a\n", "/\u00e4", "/a\\b"
      })
  void refusesPrefixesThatNoPathCanLieUnder(String prefix) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model("a", URL, prefix))
        .withMessageContaining("model prefix: model=a");
  }

  @Test
  void boundsAPrefix() {
    assertThat(model("a", URL, "/a".repeat(512)).prefix()).hasSize(1024);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model("a", URL, "/a".repeat(50_000)))
        .withMessage("model prefix: model=a, length=100000, allowed=0 to 1024");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/model", "/feedback"})
  void refusesThePrefixesOfTheDoorItself(String prefix) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model("a", URL, prefix))
        .withMessageContaining("the URL prefix " + prefix + " is forbidden");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  ", "a\r\nb", "a\u0000", "\u0085"})
  void refusesNamesThatNoRecordOrHeaderCanCarry(String label) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model(label, null))
        .withMessageContaining("model name: model=a");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model(null, label))
        .withMessageContaining("model version: model=a");
  }

  @Test
  void boundsTheBytesKept() {
    assertThatIllegalArgumentException().isThrownBy(() -> bodyBytes(-1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bodyBytes(Kept.BODY_BYTES_MAX + 1))
        .withMessageContaining("allowed=0 to 12582912");
    assertThat(bodyBytes(Kept.BODY_BYTES_MAX).kept().bodyBytesMax()).isEqualTo(12 << 20);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.0, -0.5, 1.01, Double.NaN})
  void refusesASampleThatKeepsNothingOrMoreThanAll(double rate) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> sampled(rate))
        .withMessageContaining("model sample: value=")
        .withMessageContaining("allowed=above 0.0 to 1.0");
    assertThat(sampled(0.001).kept().sampleRate()).isEqualTo(0.001);
    assertThat(bodyBytes(0).kept().sampleRate()).isEqualTo(1.0);
  }

  private static Model sampled(double rate) {
    Model all = bodyBytes(0);
    return new Model("a", all.upstream(), Predictor.NONE, "", null, null, new Kept(true, 0, rate));
  }

  private static Model model(String id, String url, String prefix) {
    return Model.of(id, URI.create(url), Predictor.NONE, prefix, null, null, 1024);
  }

  private static Model model(@Nullable String name, @Nullable String version) {
    return Model.of("a", URI.create(URL), Predictor.NONE, "", name, version, 1024);
  }

  private static Model bodyBytes(int bytes) {
    return Model.of("a", URI.create(URL), Predictor.NONE, "", null, null, bytes);
  }
}
