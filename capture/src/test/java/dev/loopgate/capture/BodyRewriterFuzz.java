package dev.loopgate.capture;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The rewriter against Jackson: what it reads, Jackson reads, and what it makes of it is what the
/// rules make of Jackson's tree.
final class BodyRewriterFuzz {
  private static final int ROUNDS = Integer.getInteger("loopgate.fuzz.rounds", 20_000);
  private static final String[] KEYS = {"a", "b", "user", "e~/x", "", "0", "1", "ü\uD83C\uDF77"};
  private static final String[] STEPS = {
    "a", "b", "user", "e~0~1x", "", "0", "1", "ü\uD83C\uDF77", "*"
  };
  private static final JsonFactory JSON = new JsonFactory();

  /// A member of an object, an element of an array.
  private record Child(String key, Object value) {}

  /// An object or an array.
  private record Node(boolean object, List<Child> children) {}

  private final long seed = Long.getLong("loopgate.fuzz.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @Test
  void makesOfABodyWhatTheRulesMakeOfItsTree() throws IOException {
    BodyRewriter rewriter = new BodyRewriter();
    for (int round = 0; round < ROUNDS; round++) {
      String text = space() + value(0) + space();
      List<FieldRule> rules = rules();
      String what = "seed=" + seed + ", round=" + round + ", rules=" + rules + ", body=" + text;

      byte[] rewritten = rewrite(rewriter, text.getBytes(UTF_8), rules);

      assertThat(tree(Objects.requireNonNull(rewritten, what)))
          .as(what)
          .isEqualTo(redacted(tree(text.getBytes(UTF_8)), rules));
    }
  }

  @Test
  void readsNothingThatJacksonReadsOtherwise() throws IOException {
    BodyRewriter rewriter = new BodyRewriter();
    int read = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] body = mutated((space() + value(0)).getBytes(UTF_8));
      List<FieldRule> rules = rules();
      String what = "seed=" + seed + ", round=" + round + ", body=" + Arrays.toString(body);

      byte[] rewritten = rewrite(rewriter, body, rules);

      if (rewritten != null && body.length > 0 && !isLinesOrEvents(body)) {
        read++;
        assertThat(tree(rewritten)).as(what).isEqualTo(redacted(tree(body), rules));
      }
    }
    assertThat(read).as("seed=%d", seed).isPositive();
  }

  private static boolean isLinesOrEvents(byte[] body) {
    String text = new String(body, UTF_8).strip();
    return text.indexOf('\n') >= 0 || text.isEmpty() || "deir:".indexOf(text.charAt(0)) >= 0;
  }

  private static byte @Nullable [] rewrite(
      BodyRewriter rewriter, byte[] body, List<FieldRule> rules) {
    ByteArrayOutputStream kept = new ByteArrayOutputStream();
    BodyRewriter.Sink sink =
        new BodyRewriter.Sink() {
          @Override
          public void restart() {
            kept.reset();
          }

          @Override
          public boolean put(byte[] bytes, int from, int to) {
            kept.write(bytes, from, to - from);
            return true;
          }
        };
    return switch (rewriter.rewrite(body, body.length, new BodyRules(rules), sink, true)) {
      case UNCHANGED, REWRITTEN -> kept.toByteArray();
      case UNREADABLE -> null;
      case NO_ROOM -> throw new AssertionError("the sink has room");
    };
  }

  private static Object redacted(Object tree, List<FieldRule> rules) {
    return redacted(
        tree, rules.stream().map(rule -> new Way(rule.steps(), rule.dropped())).toList(), 0);
  }

  private record Way(List<String> steps, boolean dropped) {}

  private static Object redacted(Object tree, List<Way> ways, int depth) {
    if (!(tree instanceof Node(boolean object, List<Child> children))) {
      return tree;
    }
    List<Child> kept = new ArrayList<>();
    int index = 0;
    for (Child child : children) {
      String key = object ? child.key() : Integer.toString(index++);
      List<Way> on =
          ways.stream()
              .filter(
                  way -> way.steps().get(depth).equals("*") || way.steps().get(depth).equals(key))
              .toList();
      List<Way> here = on.stream().filter(way -> way.steps().size() == depth + 1).toList();
      if (here.stream().anyMatch(Way::dropped)) {
        continue;
      }
      Object value = here.isEmpty() ? redacted(child.value(), on, depth + 1) : "\"*****\"";
      kept.add(new Child(child.key(), value));
    }
    return new Node(object, kept);
  }

  private static Object tree(byte[] json) throws IOException {
    try (JsonParser parser = JSON.createParser(json)) {
      parser.nextToken();
      Object tree = tree(parser);
      assertThat(parser.nextToken()).isNull();
      return tree;
    }
  }

  private static Object tree(JsonParser parser) throws IOException {
    JsonToken token = parser.currentToken();
    if (!token.isStructStart()) {
      return token == JsonToken.VALUE_STRING ? "\"" + parser.getText() + "\"" : parser.getText();
    }
    boolean object = token == JsonToken.START_OBJECT;
    List<Child> children = new ArrayList<>();
    while (!parser.nextToken().isStructEnd()) {
      String key = "";
      if (object) {
        key = parser.currentName();
        parser.nextToken();
      }
      children.add(new Child(key, tree(parser)));
    }
    return new Node(object, children);
  }

  private List<FieldRule> rules() {
    List<FieldRule> rules = new ArrayList<>();
    int count = 1 + random.nextInt(4);
    while (rules.size() < count) {
      StringBuilder pointer = new StringBuilder();
      int depth = 1 + random.nextInt(3);
      for (int i = 0; i < depth; i++) {
        pointer.append('/').append(STEPS[random.nextInt(STEPS.length)]);
      }
      rules.add(new FieldRule(pointer.toString(), random.nextBoolean()));
    }
    return rules;
  }

  private String value(int depth) {
    return switch (random.nextInt(depth < 4 ? 9 : 5)) {
      case 0 -> "null";
      case 1 -> random.nextBoolean() ? "true" : "false";
      case 2 -> Integer.toString(random.nextInt(2_000) - 1_000);
      case 3 -> random.nextInt(100) + "." + random.nextInt(100) + "e-" + random.nextInt(9);
      case 4 -> string(KEYS[random.nextInt(KEYS.length)] + "\"\\\n");
      case 5, 6 -> children(depth, false);
      default -> children(depth, true);
    };
  }

  private String children(int depth, boolean object) {
    StringBuilder text = new StringBuilder(object ? "{" : "[").append(space());
    int count = random.nextInt(5);
    for (int i = 0; i < count; i++) {
      text.append(i == 0 ? "" : "," + space());
      if (object) {
        text.append(string(KEYS[random.nextInt(KEYS.length)])).append(space()).append(':');
      }
      text.append(space()).append(value(depth + 1)).append(space());
    }
    return text.append(object ? '}' : ']').toString();
  }

  /// Each character as it is, or as an escape.
  private String string(String plain) {
    StringBuilder text = new StringBuilder("\"");
    for (int i = 0; i < plain.length(); i++) {
      char c = plain.charAt(i);
      boolean must = c < ' ' || c == '"' || c == '\\';
      if (must || (random.nextInt(4) == 0 && !Character.isSurrogate(c))) {
        text.append(String.format(random.nextBoolean() ? "\\u%04x" : "\\u%04X", (int) c));
      } else {
        text.append(c);
      }
    }
    return text.append('"').toString();
  }

  private String space() {
    return random.nextInt(3) == 0 ? " \t\r ".substring(random.nextInt(4)) : "";
  }

  private byte[] mutated(byte[] body) {
    byte[] bytes = body.clone();
    int changes = 1 + random.nextInt(2);
    for (int i = 0; i < changes && bytes.length > 0; i++) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(3)) {
        case 0 -> bytes = Arrays.copyOf(bytes, at);
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        default -> bytes[at] = (byte) "{}[],:\"\\0e.-".charAt(random.nextInt(12));
      }
    }
    return bytes;
  }
}
