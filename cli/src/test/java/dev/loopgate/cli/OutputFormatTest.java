package dev.loopgate.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// How things are shown.
final class OutputFormatTest {
  private static final String TWO =
      """
      [{"kind":"K","id":"a","spec":{"n":1,"deep":{"x":[1,2]}},"status":{"state":"Ready","replicas":2}},
       {"kind":"K","id":"b","spec":{"n":0.10,"none":null},"status":{"state":"","replicas":0}}]
      """;

  private static String show(String format, String list) throws ClientException {
    JsonNode tree = JsonText.read(list).orElseThrow();
    List<ObjectNode> shown = tree.valueStream().map(ObjectNode.class::cast).toList();
    return OutputFormat.of(format).orElseThrow().text(shown);
  }

  @Test
  void yamlIsTheDefaultAndReadsBackAsTheSame() throws ClientException {
    String hard =
        """
        [{"kind":"Connection","a":["true","null","~","1","1.0","0x1f","yes","","- x","a: b","#c","two\\nlines"," x ","\\u001b[31m","\\u0085","*****","\ud83d\ude00"],
          "b":[1,-2,0.10,1E+400,9007199254740993123,true,null,[],{}]}]
        """;

    String text = show("", hard);

    assertThat(text).doesNotContain("\u001b").isEqualTo(show("yaml", hard));
    assertThat(YamlDocuments.read(text).stream().map(JsonText::compact))
        .containsExactly(JsonText.compact(JsonText.read(hard).orElseThrow()));
    assertThat(show("", TWO)).startsWith("- kind: K\n  id: a\n  spec:\n    'n': 1\n");
    assertThat(show("", "[]")).isEqualTo("[]");
  }

  @Test
  void aFunctionOfAPathIsPrintedBare() throws ClientException {
    assertThat(show("jsonpath=$.length()", TWO)).isEqualTo("2");
    assertThat(show("jsonpath=$[0].spec.deep.x.length()", TWO)).isEqualTo("2");
  }

  @Test
  void charactersOfControlAreSaidByNumberInJson() throws ClientException {
    String hostile = "[{\"id\":\"a\u009b31m\u007f\"}]";

    assertThat(show("json", hostile)).contains("a\\u009b31m\\u007f");
    assertThat(JsonText.read(show("json", hostile))).isEqualTo(JsonText.read(hostile));
    assertThat(show("jsonpath=[*]", hostile)).contains("\\u009b");
  }

  @Test
  void olderReadersOfYamlTakeNoTextForSomethingElse() throws ClientException {
    String text =
        show(
            "",
            "[{\"a\":[\"2026-11-28T02:57:57.616Z\",\"no\",\"On\",\"1_000\",\"12:30\",\"0b1\",\"plain\"],\"n\":1}]");

    assertThat(text.lines())
        .containsExactly(
            "- a:",
            "  - '2026-11-28T02:57:57.616Z'",
            "  - 'no'",
            "  - 'On'",
            "  - '1_000'",
            "  - '12:30'",
            "  - '0b1'",
            "  - plain",
            "  'n': 1");
  }

  @Test
  void jsonIsTheSameAsItCame() throws ClientException {
    assertThat(JsonText.read(show("json", TWO))).isEqualTo(JsonText.read(TWO));
    assertThat(show("json", TWO)).contains("0.10");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "[*].status.replicas; [2,0]",
        "[0].status.replicas; 2",
        "$[0].id; a",
        "[*].id; [\"a\",\"b\"]",
        "[?(@.status.replicas > 0)].id; a",
        "[0].spec; {\"n\":1,\"deep\":{\"x\":[1,2]}}",
        "[1].spec.n; 0.10",
        "[0].gone; []",
        "[*].gone.deeper; []",
        "..x; [1,2]",
        "[0].spec.deep.x; [1,2]"
      })
  void jsonpathShowsOneMatchBareAndManyAsAList(String path, String expected)
      throws ClientException {
    assertThat(show("jsonpath=" + path, TWO)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "$[?(", "$..", "[*"})
  void aPathThatIsNoneIsAnError(String path) {
    assertThatThrownBy(() -> show("jsonpath=" + path, TWO))
        .isInstanceOf(ClientException.class)
        .hasMessageStartingWith("jsonpath \"");
  }

  @Test
  void aTableHasAColumnForEachFieldThatSaysSomething() throws ClientException {
    assertThat(show("table", TWO).lines())
        .containsExactly(
            "kind  id  spec.n  spec.deep.x  status.state  status.replicas",
            "K     a   1       [1,2]        Ready         2",
            "K     b   0.10                               0");
    assertThat(show("table", "[]")).isEqualTo("Empty!");
  }

  @Test
  void aTableIsBoundedInWidthAndCells() throws ClientException {
    String wide =
        "[{\"a\":\"%s\",\"b\":\"%s\",\"c\":\"%s\",\"d\":\"%s\",\"e\":\"%s\",\"f\":\"x\\ny\\u001b\"}]"
            .formatted(
                "a".repeat(60), "b".repeat(50), "c".repeat(50), "d".repeat(50), "e".repeat(50));

    String text = show("table", wide);

    assertThat(text.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(200));
    assertThat(text)
        .contains("\n" + "a".repeat(50) + "...  ", "x?y?")
        .doesNotContain("\u001b", "dd", "ee");
    assertThat(text).endsWith("\n(2 columns more: -o yaml)");
  }

  @Test
  void aTableThatDoesNotFitBeginsWithWhatIsSeen() throws ClientException {
    String wide =
        "[{\"kind\":\"K\",\"spec\":{\"a\":\"%s\",\"b\":\"%s\",\"c\":\"%s\",\"d\":\"%s\"},\"id\":\"i\",\"status\":{\"state\":\"Ready\"}}]"
            .formatted("a".repeat(50), "b".repeat(50), "c".repeat(50), "d".repeat(50));

    assertThat(show("table", wide))
        .startsWith("kind  id  status.state  spec.a")
        .endsWith("(1 columns more: -o yaml)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"xml", "YAML", "jsonpath", "json "})
  void otherFormatsThereAreNone(String format) {
    assertThat(OutputFormat.of(format)).isEmpty();
  }
}
