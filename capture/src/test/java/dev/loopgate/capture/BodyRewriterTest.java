package dev.loopgate.capture;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class BodyRewriterTest {
  private static final String UNREADABLE = "unreadable";

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        // pointer; body; masked; dropped
        "/a; {\"a\":1}; {\"a\":\"*****\"}; {}",
        "/a; {\"a\":1,\"b\":2}; {\"a\":\"*****\",\"b\":2}; {\"b\":2}",
        "/b; {\"a\":1,\"b\":2}; {\"a\":1,\"b\":\"*****\"}; {\"a\":1}",
        "/b; {\"a\":1,\"b\":2,\"c\":3}; {\"a\":1,\"b\":\"*****\",\"c\":3}; {\"a\":1,\"c\":3}",
        "/*; {\"a\":1,\"b\":[2]}; {\"a\":\"*****\",\"b\":\"*****\"}; {}",
        "/a/b; {\"a\":{\"b\":{\"c\":[1]}}}; {\"a\":{\"b\":\"*****\"}}; {\"a\":{}}",
        "/a/b; {\"b\":1,\"a\":2}; {\"b\":1,\"a\":2}; {\"b\":1,\"a\":2}",
        "/a/1; {\"a\":[1,2,3]}; {\"a\":[1,\"*****\",3]}; {\"a\":[1,3]}",
        "/a/0; {\"a\":[1,2,3]}; {\"a\":[\"*****\",2,3]}; {\"a\":[2,3]}",
        "/a/2; {\"a\":[1,2,3]}; {\"a\":[1,2,\"*****\"]}; {\"a\":[1,2]}",
        "/a/01; {\"a\":[1,2]}; {\"a\":[1,2]}; {\"a\":[1,2]}",
        "/a/-; {\"a\":[1,2]}; {\"a\":[1,2]}; {\"a\":[1,2]}",
        "/a/1; {\"a\":{\"1\":2}}; {\"a\":{\"1\":\"*****\"}}; {\"a\":{}}",
        "/*; [1,2,3]; [\"*****\",\"*****\",\"*****\"]; []",
        "/*/x; [{\"x\":1},{\"y\":2},{\"x\":[]}];"
            + " [{\"x\":\"*****\"},{\"y\":2},{\"x\":\"*****\"}]; [{},{\"y\":2},{}]",
        "/in/*/data; {\"in\":[{\"data\":[1,2],\"n\":0},{\"n\":1}]};"
            + " {\"in\":[{\"data\":\"*****\",\"n\":0},{\"n\":1}]}; {\"in\":[{\"n\":0},{\"n\":1}]}",
        "/a; {\"a\":1,\"x\":0,\"a\":{\"b\":2}}; {\"a\":\"*****\",\"x\":0,\"a\":\"*****\"}; {\"x\":0}",
        "/a; {\"a\":1,\"a\":2,\"a\":3}; {\"a\":\"*****\",\"a\":\"*****\",\"a\":\"*****\"}; {}",
        "/a; {\"\\u0061\":1}; {\"\\u0061\":\"*****\"}; {}",
        "/; {\"\":1}; {\"\":\"*****\"}; {}",
        "/a~1b; {\"a\\/b\":1}; {\"a\\/b\":\"*****\"}; {}",
        "/ü; {\"\\u00FC\":1,\"ü\":2}; {\"\\u00FC\":\"*****\",\"ü\":\"*****\"}; {}",
        "/🍷; {\"\\ud83c\\udf77\":1,\"🍷\":2}; {\"\\ud83c\\udf77\":\"*****\",\"🍷\":\"*****\"}; {}",
        "/a; {\"A\":1,\"aa\":2,\"\":3}; {\"A\":1,\"aa\":2,\"\":3}; {\"A\":1,\"aa\":2,\"\":3}",
        "/a; {\"b\":{\"a\":1}}; {\"b\":{\"a\":1}}; {\"b\":{\"a\":1}}",
        "/a; 1; 1; 1",
        "/a; \"a\"; \"a\"; \"a\"",
        "/a; []; []; []",
      })
  void masksAndDropsWhatThePointerNames(
      String pointer, String body, String masked, String dropped) {
    assertThat(rewrite(body, new FieldRule(pointer, false))).isEqualTo(masked);
    assertThat(rewrite(body, new FieldRule(pointer, true))).isEqualTo(dropped);
  }

  @Test
  void whatIsNotNamedStaysByteForByte() {
    String body = " {\t\"a\" : 1.50e+07 ,\r\n \"b\" : [ true , null , \"\\u00e9\\/\" ] } \n";

    assertThat(rewrite(body, new FieldRule("/a", false)))
        .isEqualTo(body.replace("1.50e+07", "\"*****\""));
    assertThat(rewrite(body, new FieldRule("/b/1", true))).isEqualTo(body.replace(", null", ""));
    assertThat(rewrite(body, new FieldRule("/c", true))).isEqualTo(body);
  }

  @Test
  void severalRulesHoldAtOnceAndTheStrongerWins() {
    String body = "{\"a\":{\"b\":1,\"c\":2},\"d\":[1,2],\"e\":3}";

    assertThat(
            rewrite(
                body,
                new FieldRule("/a/b", false),
                new FieldRule("/a/*", true),
                new FieldRule("/*/1", false),
                new FieldRule("/e", false)))
        .isEqualTo("{\"a\":{},\"d\":[1,\"*****\"],\"e\":\"*****\"}");
    assertThat(rewrite(body, new FieldRule("/a", false), new FieldRule("/a/b", true)))
        .isEqualTo("{\"a\":\"*****\",\"d\":[1,2],\"e\":3}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        " ",
        "{",
        "}",
        "[1,]",
        "[,1]",
        "{\"a\":1,}",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1}x",
        "{\"a\":1}{\"a\":2}",
        "{\"a\":1} {\"a\":2}",
        "[1}",
        "{\"a\":1]",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "1e+",
        "+1",
        "NaN",
        "Infinity",
        "tru",
        "True",
        "nul",
        "\"",
        "\"a",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"a\nb\"",
        "\"\u0000\"",
        "/* c */ {}",
        "{} // c",
        "a=1&b=2",
        "<a/>",
        "--boundary",
        "\u0000\u0000\u0000\u0000\u0002{}",
        "{\"a\":\"secret\"",
        "data: {\"a\":1",
        "data: {\"a\":\ndata: 1}\n",
        "data: secret\n",
        "data {\"a\":1}\n",
        "event: x\nwhat: y\n",
        "event: x\n\n",
        ": comments only\n",
        "id:{\"user\":{\"email\":\"jane@x.org\"}}",
        "retry: 10\nid: 1\n",
        "event: {\"a\":\"secret\"}\ndata: {}\n",
        "event: jane@x.org\ndata: {}\n",
        "event:  two\ndata: {}\n",
        "event: 01234567890123456789012345678901234567890123456789012345678901234\ndata: {}\n",
        "retry: 1.5\ndata: {}\n",
        "retry:\ndata: {}\n",
        "retry: 41111111111\ndata: {}\n",
        "retry: secret\ndata: {}\n",
        "event",
        "data: {\"a\":1} x\n",
        "{\"a\":1}\ndata: {\"a\":1}\n",
      })
  void whatIsNotReadableForSureIsUnreadable(String body) {
    assertThat(rewrite(body, new FieldRule("/a", false))).isEqualTo(UNREADABLE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "22 c3 28 22", // broken in the middle
        "22 c0 af 22", // overlong
        "22 e0 80 af 22",
        "22 f0 80 80 af 22",
        "22 ed a0 80 22", // a surrogate
        "22 f4 90 80 80 22", // beyond Unicode
        "22 f8 88 80 80 80 22",
        "22 80 22",
        "22 e2 82 22",
        "22 e2 82", // cut
        "ff fe 7b 00 7d 00",
      })
  void malformedUtf8IsUnreadable(String hex) {
    byte[] body = new byte[(hex.length() + 1) / 3];
    for (int i = 0; i < body.length; i++) {
      body[i] = (byte) Integer.parseInt(hex.substring(3 * i, 3 * i + 2), 16);
    }

    assertThat(rewrite(body, new FieldRule("/a", false))).isEqualTo(UNREADABLE);
  }

  static Stream<Charset> otherCharsets() {
    return Stream.of(
        UTF_16, UTF_16BE, UTF_16LE, Charset.forName("UTF-32"), Charset.forName("UTF-32LE"));
  }

  @Test
  void anotherCharsetIsUnreadable() {
    for (Charset charset : otherCharsets().toList()) {
      assertThat(rewrite("{\"a\":\"secret\"}".getBytes(charset), new FieldRule("/a", false)))
          .as(charset.name())
          .isEqualTo(UNREADABLE);
    }
  }

  @Test
  void aByteOrderMarkHidesNothing() {
    assertThat(rewrite("\ufeff{\"a\":\"secret\"}", new FieldRule("/a", false)))
        .isEqualTo("\ufeff{\"a\":\"*****\"}");
    assertThat(rewrite("\ufeffdata: {\"a\":\"secret\"}\n\n", new FieldRule("/a", false)))
        .isEqualTo("\ufeffdata: {\"a\":\"*****\"}\n\n");
  }

  @Test
  void linesOfJsonAreEachAValue() {
    assertThat(
            rewrite(
                "{\"a\":1,\"b\":2}\n{\"b\":3}\r\n\n[{\"a\":4}]\n{\"a\":5}",
                new FieldRule("/a", true)))
        .isEqualTo("{\"b\":2}\n{\"b\":3}\r\n\n[{\"a\":4}]\n{}");
  }

  @Test
  void eventsAreEachAValue() {
    List<String> lines =
        List.of(
            "\n: secret comment\r\n",
            "event: delta\r\nid: 7\r\nretry: 10\r\ndata: {\"a\":\"secret\",\"b\":1}\r\n\r\n",
            "data:{\"b\":[{\"a\":1}]}\n\ndata:  {\"a\":\"secret\"} \rdata:\n",
            ":\ndata: [DONE]\n\n");

    assertThat(rewrite(String.join("", lines), new FieldRule("/a", false)))
        .isEqualTo(
            String.join("", lines)
                .replace(" secret comment", "")
                .replace("id: 7", "id:")
                .replace("\"secret\"", "\"*****\""));
  }

  @Test
  void anIdLosesItsTextAndPlainNamesStay() {
    assertThat(
            rewrite(
                "id: {\"a\":\"secret\"}\nid:\nevent:\nevent:a.B_c-9\nretry:5\ndata: {\"a\":1}\nid:x",
                new FieldRule("/a", false)))
        .isEqualTo("id:\nid:\nevent:\nevent:a.B_c-9\nretry:5\ndata: {\"a\":\"*****\"}\nid:");
  }

  @Test
  void deepNestingIsReadUpToTheBound() {
    int most = JsonWalk.DEPTH_MAX;
    FieldRule any = new FieldRule("/x", false);

    assertThat(rewrite("[".repeat(most) + "]".repeat(most), any))
        .isEqualTo("[".repeat(most) + "]".repeat(most));
    assertThat(rewrite("[".repeat(most + 1) + "]".repeat(most + 1), any)).isEqualTo(UNREADABLE);
    assertThat(rewrite("[".repeat(1_000_000), any)).isEqualTo(UNREADABLE);
    assertThat(rewrite("{\"a\":".repeat(100_000), new FieldRule("/a/a/a", true)))
        .isEqualTo(UNREADABLE);
  }

  @Test
  void aRewriterRemembersNothingOfABodyThatWasUnreadable() {
    BodyRewriter rewriter = new BodyRewriter();
    BodyRules rules = new BodyRules(List.of(new FieldRule("/a", false)));
    for (String bad : List.of("{\"a\":[[[", "{\"a\":{\"b\":", "[1,", "{\"a\":\"")) {
      byte[] broken = bad.getBytes(UTF_8);
      assertThat(rewriter.rewrite(broken, broken.length, rules, new Kept(100), false))
          .isEqualTo(BodyRewriter.Outcome.UNREADABLE);

      byte[] good = "{\"b\":[1,2],\"a\":1}".getBytes(UTF_8);
      Kept kept = new Kept(100);
      assertThat(rewriter.rewrite(good, good.length, rules, kept, false))
          .isEqualTo(BodyRewriter.Outcome.REWRITTEN);
      assertThat(kept.bytes.toString(UTF_8)).isEqualTo("{\"b\":[1,2],\"a\":\"*****\"}");
    }
  }

  @Test
  void saysWhenThereIsNoRoom() {
    byte[] body = "{\"a\":1,\"b\":\"long enough to be more\"}".getBytes(UTF_8);
    BodyRules rules = new BodyRules(List.of(new FieldRule("/a", false)));

    assertThat(new BodyRewriter().rewrite(body, body.length, rules, new Kept(20), false))
        .isEqualTo(BodyRewriter.Outcome.NO_ROOM);
    assertThat(new BodyRewriter().rewrite(body, body.length, rules, new Kept(3), false))
        .isEqualTo(BodyRewriter.Outcome.NO_ROOM);
  }

  @Test
  void leavesTheSinkAloneWhereNothingIsNamed() {
    byte[] body = "{\"b\":1}".getBytes(UTF_8);
    BodyRules rules = new BodyRules(List.of(new FieldRule("/a", false)));
    Kept kept = new Kept(100);

    assertThat(new BodyRewriter().rewrite(body, body.length, rules, kept, false))
        .isEqualTo(BodyRewriter.Outcome.UNCHANGED);
    assertThat(kept.restarts).isZero();
    assertThat(new BodyRewriter().rewrite(body, body.length, rules, kept, true))
        .isEqualTo(BodyRewriter.Outcome.UNCHANGED);
    assertThat(kept.bytes.toString(UTF_8)).isEqualTo("{\"b\":1}");
  }

  private static String rewrite(String body, FieldRule... rules) {
    return rewrite(body.getBytes(UTF_8), rules);
  }

  private static String rewrite(byte[] body, FieldRule... rules) {
    Kept kept = new Kept(Integer.MAX_VALUE);
    byte[] larger = Arrays.copyOf(body, body.length + 8); // what lies behind is not its own
    return switch (new BodyRewriter()
        .rewrite(larger, body.length, new BodyRules(List.of(rules)), kept, false)) {
      case UNCHANGED -> new String(body, UTF_8);
      case REWRITTEN -> kept.bytes.toString(UTF_8);
      case UNREADABLE -> UNREADABLE;
      case NO_ROOM -> "no room";
    };
  }

  private static final class Kept implements BodyRewriter.Sink {
    private final int bytesMax;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int restarts;

    Kept(int bytesMax) {
      this.bytesMax = bytesMax;
    }

    @Override
    public void restart() {
      restarts++;
      bytes.reset();
    }

    @Override
    public boolean put(byte[] from, int start, int end) {
      if (bytes.size() + end - start > bytesMax) {
        return false;
      }
      bytes.write(from, start, end - start);
      return true;
    }
  }
}
