package dev.loopgate.api;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.loopgate.capture.BodyRedactor;
import dev.loopgate.capture.BodyRules;
import dev.loopgate.capture.FieldRule;
import dev.loopgate.capture.Redaction;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FeedbackPayloadTest {
  private static final String UNPARSED = "refused: 400 {\"error\":\"Cannot parse data\"}";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1",
        "0.10",
        "9007199254740993",
        "1e400",
        "-0",
        "-0.0",
        "1E+5",
        "1.0e-999",
        "123456789012345678901234567890.000",
        "{\"a\":1,\"b\":2,\"a\":3}",
        "{\"z\":1,\"a\":2}",
        "[]",
        "[1,[2,{}]]",
        "\"\"",
        "\"a b\\n\\u00e9\\ud800 \\\" \\\\\"",
        "null",
        "true",
        "\"\u2028 \u00e9 \ud83c\udf77\""
      })
  void keepsJsonAsItWasWritten(String json) {
    String kept = "{\"json\":" + json + "}";

    for (String type :
        List.of(
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/vnd.x+json",
            "a/B+JSON",
            "")) {
      assertThat(payload(type, json)).as(type).isEqualTo(kept);
      assertThat(payload(type, " \t\r\n" + json + "\n ")).as(type).isEqualTo(kept);
    }
  }

  @Test
  void takesAwayTheSpaceBetweenTokensOnly() {
    assertThat(payload("application/json", "{ \"a b\" :\n[ 1 , \"c \\\" d\" ,\t{ } ] }\r\n"))
        .isEqualTo("{\"json\":{\"a b\":[1,\"c \\\" d\",{}]}}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "}",
        "{}x",
        "{} {}",
        "1 2",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "01",
        "+1",
        "1.",
        ".5",
        "1e",
        "NaN",
        "Infinity",
        "-",
        "tru",
        "truefalse",
        "nullx",
        "\"a",
        "\"a\nb\"",
        "\"\\x\"",
        "\"\\u12\"",
        "[1 2]",
        "/**/1",
        "#\n1",
        "\ufeff1",
        "\u00a01",
        "1\u0000",
        "{\"a\"}",
        "[",
        "]",
        "\"a\" \"b\"",
        "{\"a\":}",
        "0x10",
        "1,2"
      })
  void refusesWhatIsNotOneJsonValue(String body) {
    assertThat(payload("application/json", body)).isEqualTo(UNPARSED);
    assertThat(payload("application/vnd.x+json", body)).isEqualTo(UNPARSED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"a\":1}", "[1,\"b\",null]", "\"text\"", "{\"a\":{\"b\":[true]}}"})
  void refusesJsonThatWasCutAnywhere(String json) {
    for (int length = 0; length < json.length(); length++) {
      assertThat(payload("application/json", json.substring(0, length)))
          .as("length=%d", length)
          .isEqualTo(UNPARSED);
    }
  }

  @Test
  void refusesJsonThatIsNotUtf8() {
    for (byte[] bytes :
        List.of(
            new byte[] {'"', (byte) 0xff, '"'},
            new byte[] {'"', (byte) 0xc3, '"'},
            new byte[] {'"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'},
            new byte[] {'"', (byte) 0xc0, (byte) 0x80, '"'},
            "{}".getBytes(UTF_16))) {
      assertThat(new DoorFixture().payloadOf("application/json", bytes)).isEqualTo(UNPARSED);
    }
  }

  @Test
  void refusesNestingBeyondTheLimit() {
    int max = JsonText.DEPTH_MAX;
    assertThat(payload("application/json", "[".repeat(max) + "]".repeat(max)))
        .startsWith("{\"json\"");
    assertThat(payload("application/json", "[".repeat(max + 1) + "]".repeat(max + 1)))
        .isEqualTo(UNPARSED);
    assertThat(payload("application/json", "[".repeat(1_000_000))).isEqualTo(UNPARSED);
    assertThat(payload("application/json", "{\"a\":".repeat(200_000))).isEqualTo(UNPARSED);
  }

  @Test
  void takesOneTokenAsLongAsTheBody() {
    String digits = "9".repeat(1 << 20);
    String text = "\"" + "a".repeat((1 << 20) - 2) + "\"";

    assertThat(payload("application/json", digits)).isEqualTo("{\"json\":" + digits + "}");
    assertThat(payload("application/json", text)).isEqualTo("{\"json\":" + text + "}");
  }

  @Test
  void takesFormsApart() {
    String form = "application/x-www-form-urlencoded; charset=UTF-8";

    assertThat(payload(form, "b=1&a=x+y%20z&b=2&&c&=d&e=%C3%A9\u00e9&f=a=b"))
        .isEqualTo(
            "{\"post\":{\"b\":[\"1\",\"2\"],\"a\":[\"x y z\"],\"c\":[\"\"],\"\":[\"d\"],"
                + "\"e\":[\"\u00e9\u00e9\"],\"f\":[\"a=b\"]}}");
    assertThat(payload(form, "a=%zz&b=%ff&c=%&d=\u00e9%4"))
        .isEqualTo(
            "{\"post\":{\"a\":[\"%zz\"],\"b\":[\"%ff\"],\"c\":[\"%\"],\"d\":[\"\u00e9%4\"]}}");
    assertThat(payload(form, "")).isEqualTo("{}");
    assertThat(new DoorFixture().payloadOf(form, new byte[] {'a', '=', (byte) 0xff}))
        .isEqualTo("{\"body\":\"YT3/\",\"content_type\":\"" + form + "\",\"encoding\":\"base64\"}");
  }

  @Test
  void keepsAnyOtherBody() {
    assertThat(payload("text/plain", "a\r\n\"b\"\u0001"))
        .isEqualTo("{\"body\":\"a\\r\\n\\\"b\\\"\\u0001\",\"content_type\":\"text/plain\"}");
    assertThat(payload("", "{not json")).isEqualTo("{\"body\":\"{not json\"}");
    assertThat(payload("text/json", "1"))
        .isEqualTo("{\"body\":\"1\",\"content_type\":\"text/json\"}");
    assertThat(new DoorFixture().payloadOf("image/png", new byte[] {(byte) 0x89, 'P'}))
        .isEqualTo("{\"body\":\"iVA=\",\"content_type\":\"image/png\",\"encoding\":\"base64\"}");
    assertThat(payload("text/plain", "")).isEqualTo("{}");
    assertThat(payload("", "")).isEqualTo("{}");
  }

  @Test
  void keepsTheQueryBesideTheBody() {
    DoorFixture door = new DoorFixture();
    door.send(
        "POST /feedback?a=1&a=2&b",
        "request-id: a",
        "model-name: m",
        "model-version: 1",
        "content-type: application/json",
        "",
        "{\"c\":3}");

    assertThat(door.kept.getLast().payloadJson())
        .isEqualTo("{\"json\":{\"c\":3},\"uri\":{\"a\":[\"1\",\"2\"],\"b\":[\"\"]}}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "token=s3cret",
        "a=1&TOKEN=s3cret",
        "to%6ben=s3cret",
        "a=1;token=s3cret",
        "a=1?token=s3cret",
        "api_key=s3cret&api_key=s3cret",
        "a=1#sig=s3cret",
        "password=%73%33cret"
      })
  void masksSecretsOfTheQueryBeforeTheyAreKept(String query) {
    DoorFixture door = new DoorFixture();
    door.send("POST /feedback?" + query, "request-id: a", "model-name: m", "model-version: 1")
        .force();

    assertThat(door.kept.getLast().payloadJson()).contains(Redaction.MASK).doesNotContain("cret");
    assertThat(door.answer()).contains(Redaction.MASK).doesNotContain("cret");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "application/json; {\"user\":{\"email\":\"hush\",\"n\":1}};"
            + " {\"json\":{\"user\":{\"email\":\"*****\",\"n\":1}}}",
        "application/json; {\"us\\u0065r\":{\"email\":1,\"email\":\"hush\"}};"
            + " {\"json\":{\"us\\u0065r\":{\"email\":\"*****\",\"email\":\"*****\"}}}",
        "``; {\"pin\":\"hush\",\"n\":0.10}; {\"json\":{\"n\":0.10}}",
        "application/json; {\"n\":0.10}; {\"json\":{\"n\":0.10}}",
        "text/plain; {\"pin\":\"hush\",\"n\":1};"
            + " {\"body\":\"{\\\"n\\\":1}\",\"content_type\":\"text/plain\"}",
        "text/plain; hush; {\"body\":\"*****\",\"content_type\":\"text/plain\"}",
        "``; {\"pin\":\"hush; {\"body\":\"*****\"}",
        "application/x-www-form-urlencoded; pin=hush;"
            + " {\"body\":\"*****\",\"content_type\":\"application/x-www-form-urlencoded\"}",
      })
  void secretFieldsAreTakenOutBeforeTheyAreKept(String type, String body, String kept) {
    DoorFixture door = secretive(1 << 20);

    assertThat(door.payloadOf(type, body)).isEqualTo(kept);
    assertThat(door.answer()).doesNotContain("hush").contains(kept);
  }

  @Test
  void whatIsNoJsonForSureIsNotKeptWhereFieldsAreSecret() {
    assertThat(secretive(100).payloadOf("application/json", "{\"pin\":\"hush\""))
        .isEqualTo(UNPARSED);
    assertThat(secretive(100).payloadOf("text/plain", "{\"pin\":1}".getBytes(UTF_16)))
        .isEqualTo("{\"body\":\"*****\",\"content_type\":\"text/plain\"}");
    FeedbackConfig growing =
        new FeedbackConfig(
            20, Redaction.DEFAULT, new BodyRules(List.of(new FieldRule("/*", false))));
    assertThat(new DoorFixture(growing).payloadOf("application/json", "[1,2,3,4,5]"))
        .as("longer than a feedback may be")
        .isEqualTo("{\"json\":\"*****\"}");
  }

  @Test
  void whatIsLongerThanIsLookedAtIsNotKeptWhereFieldsAreSecret() {
    String most = "{\"n\":\"" + "x".repeat(BodyRedactor.BYTES_MAX - 8) + "\"}";

    assertThat(secretive(1 << 20).payloadOf("application/json", most))
        .isEqualTo("{\"json\":" + most + "}");
    assertThat(secretive(1 << 20).payloadOf("application/json", most.replaceFirst("x", "xy")))
        .isEqualTo("{\"json\":\"*****\"}");
    assertThat(secretive(1 << 20).payloadOf("application/json", most.replaceFirst("x", "ü")))
        .isEqualTo("{\"json\":\"*****\"}");
    assertThat(secretive(1 << 20).payloadOf("text/plain", most.replaceFirst("x", "xy")))
        .isEqualTo("{\"body\":\"*****\",\"content_type\":\"text/plain\"}");
  }

  private static DoorFixture secretive(int bytesMax) {
    return new DoorFixture(
        new FeedbackConfig(
            bytesMax,
            Redaction.DEFAULT,
            new BodyRules(
                List.of(new FieldRule("/user/email", false), new FieldRule("/pin", true)))));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void makesOneLineOfJsonOfWhateverBytesCome(long seed) throws Exception {
    Random random = new Random(seed);
    String[] types = {"", "application/json", "application/x-www-form-urlencoded", "text/plain"};
    for (int i = 0; i < 300; i++) {
      byte[] body = new byte[random.nextInt(24)];
      for (int at = 0; at < body.length; at++) {
        String likely = "{}[]\":,\\ \n\r\tu0e1.-%&=+";
        body[at] =
            (byte)
                (random.nextInt(4) == 0
                    ? random.nextInt(256)
                    : likely.charAt(random.nextInt(likely.length())));
      }
      String payload = new DoorFixture().payloadOf(types[random.nextInt(4)], body);

      if (!payload.equals(UNPARSED)) {
        assertThat(payload).as("seed=%d i=%d", seed, i).doesNotContain("\n", "\r");
        assertThat(new ObjectMapper().readTree(payload).isObject())
            .as("seed=%d i=%d", seed, i)
            .isTrue();
      }
    }
  }

  private static String payload(String contentType, String body) {
    return new DoorFixture().payloadOf(contentType, body.getBytes(UTF_8));
  }
}
