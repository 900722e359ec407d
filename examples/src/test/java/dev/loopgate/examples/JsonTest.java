package dev.loopgate.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.examples.Json.JsonArray;
import dev.loopgate.examples.Json.JsonNumber;
import dev.loopgate.examples.Json.JsonObject;
import dev.loopgate.examples.Json.JsonText;
import dev.loopgate.examples.Json.JsonWord;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  @Test
  void readsEachKindOfValue() throws Exception {
    assertThat(
            Json.read(" { \"a\" : [ 1 , -2.5e-1 , true , null ] , \"b\" : \"\\u0041\\n\\\"\" } "))
        .isEqualTo(
            new JsonObject(
                Map.of(
                    "a",
                    new JsonArray(
                        List.of(
                            new JsonNumber(1),
                            new JsonNumber(-0.25),
                            new JsonWord("true"),
                            new JsonWord("null"))),
                    "b",
                    new JsonText("A\n\""))));
    assertThat(Json.read("[]")).isEqualTo(new JsonArray(List.of()));
    assertThat(Json.read("{}")).isEqualTo(new JsonObject(Map.of()));
    assertThat(Json.read("0")).isEqualTo(new JsonNumber(0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,}",
        "{a:1}",
        "01",
        "1.",
        "1e",
        "-",
        "+1",
        "NaN",
        "tru",
        "\"a",
        "\"\\",
        "\"\\u12",
        "\"\\u12g4\"",
        "\"\n\"",
        "\"\\x\"",
        "1 2",
        "{}{}",
        "{\"a\":1,\"a\":2}",
        "'a'",
        "\u0660"
      })
  void refusesWhatIsNotOneValue(String text) {
    assertThatThrownBy(() -> Json.read(text)).isInstanceOf(Json.MalformedException.class);
  }

  @Test
  void refusesNestingBeyondTheLimit() throws Exception {
    int max = Json.DEPTH_MAX;
    assertThat(Json.read("[".repeat(max + 1) + "]".repeat(max + 1))).isInstanceOf(JsonArray.class);

    assertThatThrownBy(() -> Json.read("[".repeat(1_000_000))).hasMessageContaining("deeper");
  }

  @Test
  void quotesWhatItCanReadBack() throws Exception {
    String text = "a\"\\\n\u0000\u00e9\ud83c\udf77\ud800";

    assertThat(Json.read(Json.quoted(text))).isEqualTo(new JsonText(text));
  }
}
