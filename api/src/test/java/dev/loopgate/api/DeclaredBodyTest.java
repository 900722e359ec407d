package dev.loopgate.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Bodies, well-formed and not.
@Timeout(60)
final class DeclaredBodyTest {
  private static final String MANIFEST =
      """
      kind: ModelDeployment
      id: wine
      spec:
        image: "registry/wine:1.0"   # as it was built
        predictor: odahu-ml-server
        minReplicas: 0
        resources: {requests: {cpu: 1, memory: 128Mi}, limits: {cpu: 1.5}}
        annotations:
          text: |
            two
            lines
          answer: yes
          none: ~
          quoted: '1'
          tagged: !!str 2
        idempotent: true
      """;

  private static JsonNode read(String contentType, byte[] body) throws ProblemException {
    return DeclaredBody.read(
        new ApiRequest(
            "POST", "/", DoorFixture.headers("content-type: " + contentType), body, false));
  }

  private static String told(String contentType, byte[] body) {
    try {
      return "read " + read(contentType, body);
    } catch (ProblemException e) {
      return e.problem().status() + " " + e.problem().message();
    }
  }

  private static String json(String body) {
    return told("application/json", body.getBytes(UTF_8));
  }

  private static String yaml(String body) {
    return told("application/yaml", body.getBytes(UTF_8));
  }

  @Test
  void yamlIsTheSameAsJson() throws Exception {
    String same =
        """
        {"kind":"ModelDeployment","id":"wine","spec":{"image":"registry/wine:1.0",\
        "predictor":"odahu-ml-server","minReplicas":0,\
        "resources":{"requests":{"cpu":1,"memory":"128Mi"},"limits":{"cpu":1.5}},\
        "annotations":{"text":"two\\nlines\\n","answer":"yes","none":null,"quoted":"1","tagged":"2"},\
        "idempotent":true}}\
        """;

    assertThat(read("application/yaml", MANIFEST.getBytes(UTF_8)).toString()).isEqualTo(same);
    assertThat(read("application/json", same.getBytes(UTF_8)).toString()).isEqualTo(same);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/yaml",
        "text/yaml",
        "application/x-yaml",
        "Text/YAML ; charset=utf-8"
      })
  void theTypeOfABodySaysThatItIsYaml(String type) {
    assertThat(told(type, "a: b".getBytes(UTF_8))).isEqualTo("read {\"a\":\"b\"}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"application/json", "", "text/plain", "application/merge-patch+json", "yaml"})
  void anythingElseIsJson(String type) {
    assertThat(told(type, "{\"a\":\"b\"}".getBytes(UTF_8))).isEqualTo("read {\"a\":\"b\"}");
    assertThat(told(type, "a: b".getBytes(UTF_8)))
        .startsWith("400 JSON is not valid: line=1, ")
        .endsWith("; YAML needs content-type=application/yaml");
    assertThat(told(type, " {\"a\": b".getBytes(UTF_8))).doesNotContain("YAML");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``                        | line=1, column=1: the body is empty",
        "`  `                      | line=1, column=1: the body is empty",
        "{                         | line=1, column=2: it ends too early",
        "`{\"a\":\n  nul}`         | line=2, column=3: Unrecognized token 'nul'",
        "`{\"a\":1,\n \"a\":2}`    | line=2, column=5: Duplicate field 'a'",
        "{\"a\":{\"b\":1,\"b\":1}} | line=1, column=16: Duplicate field 'b'",
        "{} {}                     | line=1, column=4: more than one value",
        "{\"a\":1}}                | line=1, column=8: Unexpected close marker '}'",
        "{a:1}                     | line=1, column=2: Unexpected character ('a'",
        "{\"a\":NaN}               | line=1, column=",
        "{\"a\":01}                | line=1, column=7: Invalid numeric value: Leading zeroes",
        "{\"a\":1e}                | line=1, column=",
        "{\"a\":\"\\x\"}           | line=1, column=8: Unrecognized character escape 'x'",
        "{\"a\":1e99999999999}     | line=1, column="
      })
  void jsonThatIsNoneIsToldWithLineAndColumn(String body, String message) {
    assertThat(json(body)).startsWith("400 JSON is not valid: " + message);
    assertThat(json(body)).doesNotContain("com.fasterxml", "Source:", "\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``                  | line=1, column=1: the body is empty",
        "`# only a comment`  | line=1, column=1: the body is empty",
        "`a: b\n c: d`       | line=2, column=3: mapping values are not allowed here",
        "`a:\n\tb: c`        | line=2, column=1: found character '\\t(TAB)' that cannot start",
        "`a: [1,\n`          | line=2, column=1: ",
        "`a: 1\nb: 2\na: 3`  | line=3, column=1: Duplicate field 'a'",
        "`a: 1\n---\nb: 2`   | line=2, column=1: more than one document",
        "`? [a]\n: b`        | line=1, column=3: a key that is no text",
        "`? {a: b}\n: b`     | line=1, column=3: a key that is no text",
        "`a: &x b\n*x : c`   | line=2, column=1: a key that is no text",
        "a: *none            | line=1, column=4: an alias of what has not ended",
        "`a: &x\n  b: *x`    | line=2, column=6: an alias of what has not ended",
        "a: &x [*x]          | line=1, column=8: an alias of what has not ended",
        "a: !!int 1          | line=1, column=4: a tag that is not allowed",
        "a: !!set {b}        | line=1, column=4: a tag that is not allowed",
        "a: !!java.lang.Runtime [] | line=1, column=4: a tag that is not allowed",
        "a: !<tag:yaml.org,2002:javax.script.ScriptEngineManager> {} | line=1, column=4: a tag",
        "`ok: 1\na: \u0001`  | line=2, column=4: a character that YAML does not allow",
        "`%YAML 3.0\n---\na: 1` | line=1, column=1: "
      })
  void yamlThatIsNoneIsToldWithLineAndColumn(String body, String message) {
    assertThat(yaml(body)).startsWith("400 YAML is not valid: " + message);
    assertThat(yaml(body)).doesNotContain("\n");
  }

  @Test
  void anAliasStandsForWhatItNames() {
    assertThat(yaml("{a: &x {b: [1]}, c: *x, d: &y 5, e: *y, &k f: *k}"))
        .isEqualTo("read {\"a\":{\"b\":[1]},\"c\":{\"b\":[1]},\"d\":5,\"e\":5,\"f\":\"f\"}");
    assertThat(yaml("[&x a, &x b, *x]")).isEqualTo("read [\"a\",\"b\",\"b\"]");
  }

  @Test
  void aBillionLaughsAreRefusedBeforeTheyAreTold() {
    StringBuilder bomb = new StringBuilder("a0: &a0 lol\n");
    for (int i = 1; i < 40; i++) {
      String alias = "*a" + (i - 1);
      bomb.append(
          "a%d: &a%d [%s]\n".formatted(i, i, String.join(", ", Collections.nCopies(9, alias))));
    }
    assertThat(yaml(bomb.toString()))
        .startsWith("400 YAML is not valid: line=6, column=")
        .endsWith("aliases stand for too much: allowed=262144 characters");

    String wide =
        "a: &a \"" + "x".repeat(100_000) + "\"\nb: [*a, *a, *a]\n"; // no more nodes, but more text
    assertThat(yaml(wide)).contains("aliases stand for too much");
    assertThat(yaml(wide.replace(", *a]", "]"))).startsWith("read");
  }

  @Test
  void aliasesDoNotMakeATreeDeeperThanItMayBe() {
    String deep = "[".repeat(40) + "]".repeat(40);
    assertThat(yaml("a: &a " + deep + "\nb: *a\n")).startsWith("read");
    assertThat(yaml("a: &a " + deep + "\nb: " + deep.replace("[]", "[*a]") + "\n"))
        .contains("allowed=64 levels at most");
  }

  @ParameterizedTest
  @ValueSource(ints = {65, 1_000, 100_000})
  void whatIsTooDeepIsRefused(int depth) {
    assertThat(json("[".repeat(depth) + "]".repeat(depth))).contains("allowed=64 levels");
    assertThat(json("{\"a\":".repeat(Math.min(depth, 40_000)))).contains("allowed=64 levels");
    assertThat(yaml("[".repeat(depth) + "]".repeat(depth))).contains("allowed=64 levels");
    assertThat(yaml("- ".repeat(depth))).contains("allowed=64 levels");
    assertThat(yaml("{a: ".repeat(Math.min(depth, 60_000)))).contains("allowed=64 levels");
  }

  @Test
  void whatIsAsDeepAsAllowedIsRead() {
    assertThat(json("[".repeat(64) + "]".repeat(64))).startsWith("read");
    assertThat(yaml("[".repeat(64) + "]".repeat(64))).startsWith("read");
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json", "application/yaml"})
  void aBodyIsAsLongAsAllowedAndInUtf8(String type) {
    byte[] most = ("\"" + "x".repeat(DeclaredBody.BYTES_MAX - 2) + "\"").getBytes(UTF_8);
    byte[] more = ("\"" + "x".repeat(DeclaredBody.BYTES_MAX - 1) + "\"").getBytes(UTF_8);
    assertThat(told(type, most)).startsWith("read");
    assertThat(told(type, more)).isEqualTo("413 the body is larger than 262144 bytes");
    assertThat(told(type, new byte[] {'"', (byte) 0xc3, 0x28, '"'}))
        .isEqualTo("400 the body is not valid: not UTF-8");
    assertThat(told(type, new byte[] {'"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'}))
        .isEqualTo("400 the body is not valid: not UTF-8");
  }

  @Test
  void numbersAreExactAndBounded() {
    assertThat(json("[1e400,9007199254740993]")).isEqualTo("read [1E+400,9007199254740993]");
    assertThat(yaml("[1e400, 9007199254740993, -0, +7, .5, 1., 1e999999999999, 0x1F, .inf]"))
        .isEqualTo("read [1E+400,9007199254740993,0,7,0.5,1,\"1e999999999999\",\"0x1F\",\".inf\"]");
    String long101 = "1".repeat(101);
    assertThat(json(long101)).contains("numbers of 100 characters");
    assertThat(yaml(long101)).contains("numbers of 100 characters");
    assertThat(json(long101.substring(1))).startsWith("read");
    assertThat(yaml(long101.substring(1))).startsWith("read");
  }

  @Test
  void whatIsJsonIsTheSameInYaml() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 500; i++) {
      JsonNode tree = tree(random, 5);
      byte[] body = tree.toString().getBytes(UTF_8);
      assertThat(read("application/yaml", body)).as("seed %s: %s", seed, tree).isEqualTo(tree);
      assertThat(read("application/json", body)).as("seed %s: %s", seed, tree).isEqualTo(tree);
    }
  }

  private static JsonNode tree(Random random, int depth) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    return switch (random.nextInt(depth == 0 ? 4 : 6)) {
      case 0 -> nodes.textNode(text(random));
      case 1 -> nodes.numberNode(random.nextInt());
      case 2 -> nodes.booleanNode(random.nextBoolean());
      case 3 -> nodes.nullNode();
      case 4 -> {
        ArrayNode array = nodes.arrayNode();
        for (int i = random.nextInt(4); i > 0; i--) {
          array.add(tree(random, depth - 1));
        }
        yield array;
      }
      default -> {
        ObjectNode fields = nodes.objectNode();
        for (int i = random.nextInt(4); i > 0; i--) {
          fields.set(text(random), tree(random, depth - 1));
        }
        yield fields;
      }
    };
  }

  private static String text(Random random) {
    List<String> parts =
        List.of("a", "1", ":", " ", "#", "\"", "'", "\\", "\n", "-", "\u00e4", "~");
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(6); i > 0; i--) {
      text.append(parts.get(random.nextInt(parts.size())));
    }
    return text.toString();
  }

  @Test
  void whateverIsChangedInABodyItIsReadOrRefused() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    String letters = "{}[]:,\"'&*!|>%#-? \n\t\u0000\u0085\ufeff@`0e.";
    for (int i = 0; i < 5_000; i++) {
      StringBuilder body = new StringBuilder(MANIFEST);
      for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
        body.setCharAt(
            random.nextInt(body.length()), letters.charAt(random.nextInt(letters.length())));
      }
      byte[] bytes = body.toString().getBytes(UTF_8);
      for (String type : List.of("application/yaml", "application/json")) {
        assertThat(told(type, bytes)).as("seed %s: %s", seed, body).matches("(?s)(read|400) .*");
      }
    }
  }
}
