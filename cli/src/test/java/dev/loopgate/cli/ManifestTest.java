package dev.loopgate.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What files may declare.
final class ManifestTest {
  private static List<Manifest> read(String text) throws ClientException {
    return Manifest.all("-", in(text));
  }

  private static InputStream in(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String tree(String text) throws ClientException {
    return JsonText.compact(read(text).getFirst().tree());
  }

  @Test
  void documentsAndListsAreReadInTheirOrder() throws ClientException {
    String yaml = "---\nkind: ModelRoute\nid: a\n---\n---\n- {kind: Connection, id: b}\n";
    String json = "[{\"kind\":\"ModelRoute\",\"id\":\"a\"},{\"kind\":\"Connection\",\"id\":\"b\"}]";

    for (String text : List.of(yaml, json)) {
      assertThat(read(text).stream().map(Manifest::shown))
          .containsExactly("ModelRoute a", "Connection b");
    }
    assertThat(read("")).isEmpty();
    assertThat(read("# nothing\n")).isEmpty();
  }

  @Test
  void valuesAreWhatTheyAreInYamlAndJson() throws ClientException {
    assertThat(
            tree(
                """
                kind: Connection
                a: [~, true, "true", 1, -2, 0.10, 1e3, 9007199254740993123, 0x1F, yes, 1_000, 2024-01-01]
                b: |
                  two
                  lines
                c: !!str 5
                """))
        .isEqualTo(
            "{\"kind\":\"Connection\",\"a\":[null,true,\"true\",1,-2,0.10,1E+3,9007199254740993123,"
                + "\"0x1F\",\"yes\",\"1_000\",\"2024-01-01\"],\"b\":\"two\\nlines\\n\",\"c\":\"5\"}");
    assertThat(tree("{\"kind\": \"Connection\", \"a\": \"\\ud83d\\ude00\", \"n\": 0.10}"))
        .isEqualTo("{\"kind\":\"Connection\",\"a\":\"\ud83d\ude00\",\"n\":0.10}");
  }

  @Test
  void amountsOfADeploymentAreTexts() throws ClientException {
    assertThat(
            tree(
                "kind: ModelDeployment\n"
                    + "spec: {resources: {limits: {cpu: 0.5, gpu: 1}, requests: {cpu: 1}}}"))
        .contains("\"limits\":{\"cpu\":\"0.5\",\"gpu\":\"1\"},\"requests\":{\"cpu\":\"1\"}");
  }

  @Test
  void anAliasIsATreeOfItsOwn() throws ClientException {
    List<Manifest> read = read("- &a {kind: ModelDeployment, id: a, spec: {image: i}}\n- *a\n");

    assertThat(read.getFirst().fillIn()).isTrue();
    assertThat(read.getLast().tree().path("spec").has("predictor")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a: 1\na: 2\n",
        "a: [1, 2",
        "a: !!java.net.URL [x]",
        "a: !foo b",
        "a: *gone",
        "a: &a [*a]",
        "? [1]\n: 2\n",
        "a: \"\\x\"",
        "\u0000",
        "{\"a\": 1, \"a\": 2}",
        "{\"a\": 1} {\"b\": 2}",
        "a: 1\n\tb: 2"
      })
  void whatIsWrongIsSaidInOneLine(String text) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(ClientException.class)
        .hasMessageStartingWith("'-' is not valid JSON or YAML: ")
        .message()
        .doesNotContain("\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"text", "- 1\n- 2\n", "[[]]", "3"})
  void whatIsNoObjectDeclaresNothing(String text) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(ClientException.class)
        .hasMessageContaining("an object is expected");
  }

  @ParameterizedTest
  @ValueSource(strings = {"id: a\n", "kind: modeldeployment\n", "kind: 7\n", "kind: [a]\n"})
  void anUnknownKindIsRefused(String text) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(ClientException.class)
        .hasMessageStartingWith("Unknown kind of object: '");
  }

  @Test
  void depthAndAliasesAreBounded() {
    assertThatThrownBy(() -> read("[".repeat(100_000)))
        .isInstanceOf(ClientException.class)
        .hasMessageContaining("64 levels at most");

    StringBuilder laughs = new StringBuilder("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for (int i = 1; i < 30; i++) {
      String alias = "*a" + (i - 1);
      laughs.append("a%d: &a%d [%s, %s, %s]\n".formatted(i, i, alias, alias, alias));
    }
    assertThatThrownBy(() -> read(laughs.toString()))
        .isInstanceOf(ClientException.class)
        .hasMessageContaining("aliases stand for more than");

    StringBuilder tower = new StringBuilder("a0: &a0 [x]\n");
    for (int i = 1; i < 100; i++) {
      tower.append("a%d: &a%d [*a%d]\n".formatted(i, i, i - 1));
    }
    assertThatThrownBy(() -> read(tower.toString()))
        .isInstanceOf(ClientException.class)
        .hasMessageContaining("64 levels at most");
  }

  @Test
  void aFileIsBounded() {
    assertThatThrownBy(() -> read("#".repeat(Manifest.BYTES_MAX + 1)))
        .isInstanceOf(ClientException.class)
        .hasMessageContaining("is larger than");
    assertThatThrownBy(
            () -> Manifest.all("-", new ByteArrayInputStream(new byte[] {'a', (byte) 0xff})))
        .isInstanceOf(ClientException.class)
        .hasMessageContaining("not UTF-8");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "deployment",
        "deployment-exec",
        "deployment-docker",
        "route",
        "connection-docker"
      })
  void aTemplateIsAManifest(String name) throws ClientException {
    assertThat(TemplateVerb.NAMES).contains(name);
    assertThat(read(TemplateVerb.text(name)).getFirst().id()).startsWith("my-");
  }
}
