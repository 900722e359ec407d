package dev.loopgate.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.DocumentStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/// One document of YAML as a tree of JSON. Confined to one call of [#read].
final class YamlTree {
  /*
   * Made of the parser's events: it has no recursion and no bound of depth, so the depth is
   * counted here, before anything of it is kept. An alias shares the tree that it stands for, but
   * whoever walks the tree walks it once more: so what aliases stand for is weighed.
   */

  /// What all aliases of a document may stand for: a character of a text is 1, and each node.
  static final long ALIASED_MAX = DeclaredBody.BYTES_MAX;

  private static final String YAML = "YAML";
  private static final Set<String> NULLS = Set.of("", "~", "null", "Null", "NULL");
  private static final Set<String> TRUES = Set.of("true", "True", "TRUE");
  private static final Set<String> FALSES = Set.of("false", "False", "FALSE");
  // Of the core schema, but for hexadecimal, octal, infinite: nothing that is declared is one.
  private static final Pattern INTEGER = Pattern.compile("[-+]?[0-9]+");
  private static final Pattern DECIMAL =
      Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]{1,8})?");
  private static final Set<String> TEXT_TAGS = Set.of("!", "tag:yaml.org,2002:str");
  private static final Set<String> COLLECTION_TAGS =
      Set.of("!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq");

  /// A mapping or sequence that has not ended.
  private static final class Open {
    final ContainerNode<?> node;
    final Optional<Anchor> anchor;
    final long weightBefore;
    int height = 1;
    @Nullable String key; // of the value that comes next

    Open(ContainerNode<?> node, Optional<Anchor> anchor, long weightBefore) {
      this.node = node;
      this.anchor = anchor;
      this.weightBefore = weightBefore;
    }
  }

  /// What an alias may stand for.
  private record Anchored(JsonNode node, long weight, int height) {}

  private final Deque<Open> open = new ArrayDeque<>(); // at most DEPTH_MAX
  private final Map<String, Anchored> anchors = new HashMap<>(); // as many as the body has
  private long weight;
  private long aliased;
  private int documents;
  private @Nullable JsonNode root;

  private YamlTree() {}

  /// @throws ProblemException that says what is wrong and where
  static JsonNode read(String text) throws ProblemException {
    YamlTree tree = new YamlTree();
    LoadSettings settings = LoadSettings.builder().setLabel("body").build();
    try {
      for (Event event : new Parse(settings).parseString(text)) {
        tree.take(event);
      }
    } catch (MarkedYamlEngineException e) {
      throw invalid(e.getProblemMark(), oneLine(e.getProblem()));
    } catch (ReaderException e) {
      throw invalid(text, e.getPosition());
    } catch (YamlEngineException e) {
      throw DeclaredBody.invalid(YAML, 1, 1, oneLine(String.valueOf(e.getMessage())));
    }
    if (tree.root == null) {
      throw DeclaredBody.invalid(YAML, 1, 1, "the body is empty");
    }
    return tree.root;
  }

  private void take(Event event) throws ProblemException {
    switch (event) {
      case DocumentStartEvent _ -> {
        if (++documents > 1) {
          throw invalid(event, "more than one document");
        }
      }
      case CollectionStartEvent start -> begin(start);
      case CollectionEndEvent _ -> end();
      case ScalarEvent scalar -> takeScalar(scalar);
      case AliasEvent alias -> takeAlias(alias);
      default -> {} // the ends of a document and of the stream
    }
  }

  private void begin(CollectionStartEvent start) throws ProblemException {
    String tag = start.getTag().orElse("!");
    if (!COLLECTION_TAGS.contains(tag)) {
      throw invalid(start, "a tag that is not allowed");
    }
    if (open.size() >= DeclaredBody.DEPTH_MAX) {
      throw tooDeep(start);
    }
    checkValue(start);
    start.getAnchor().ifPresent(anchor -> anchors.remove(anchor.getValue())); // not before it ends
    ContainerNode<?> node =
        start instanceof MappingStartEvent
            ? JsonNodeFactory.instance.objectNode()
            : JsonNodeFactory.instance.arrayNode();
    open.push(new Open(node, start.getAnchor(), weight));
    weight++;
  }

  private void end() {
    Open ended = open.pop();
    keep(ended.anchor, ended.node, weight - ended.weightBefore, ended.height);
    add(ended.node, ended.height);
  }

  private void takeScalar(ScalarEvent scalar) throws ProblemException {
    Optional<String> tag = scalar.getTag();
    if (tag.isPresent() && !TEXT_TAGS.contains(tag.get())) {
      throw invalid(scalar, "a tag that is not allowed");
    }
    String text = scalar.getValue();
    weight += 1 + text.length();
    Open in = open.peek();
    if (in != null && in.node instanceof ObjectNode fields && in.key == null) {
      if (fields.has(text)) {
        throw invalid(scalar, "Duplicate field '" + text + "'");
      }
      in.key = text;
      keep(scalar.getAnchor(), TextNode.valueOf(text), 1 + text.length(), 0);
      return;
    }
    JsonNode node =
        scalar.isPlain() && tag.isEmpty() ? plain(scalar, text) : TextNode.valueOf(text);
    keep(scalar.getAnchor(), node, 1 + text.length(), 0);
    add(node, 0);
  }

  private void takeAlias(AliasEvent alias) throws ProblemException {
    checkValue(alias);
    Anchored anchored = anchors.get(alias.getAlias().getValue());
    if (anchored == null) {
      throw invalid(alias, "an alias of what has not ended, or is not there");
    }
    aliased += anchored.weight;
    if (aliased > ALIASED_MAX) {
      throw invalid(alias, "aliases stand for too much: allowed=" + ALIASED_MAX + " characters");
    }
    if (open.size() + anchored.height > DeclaredBody.DEPTH_MAX) {
      throw tooDeep(alias);
    }
    weight += anchored.weight;
    add(anchored.node, anchored.height);
  }

  private void keep(Optional<Anchor> anchor, JsonNode node, long nodeWeight, int height) {
    anchor.ifPresent(name -> anchors.put(name.getValue(), new Anchored(node, nodeWeight, height)));
  }

  private void checkValue(Event event) throws ProblemException {
    Open in = open.peek();
    if (in != null && in.node instanceof ObjectNode && in.key == null) {
      throw invalid(event, "a key that is no text");
    }
  }

  private void add(JsonNode node, int height) {
    Open in = open.peek();
    if (in == null) {
      root = node;
      return;
    }
    in.height = Math.max(in.height, height + 1);
    String key = in.key;
    if (in.node instanceof ObjectNode fields && key != null) {
      fields.set(key, node);
      in.key = null;
    } else {
      ((ArrayNode) in.node).add(node);
    }
  }

  private static JsonNode plain(ScalarEvent scalar, String text) throws ProblemException {
    if (NULLS.contains(text)) {
      return NullNode.instance;
    }
    if (TRUES.contains(text) || FALSES.contains(text)) {
      return BooleanNode.valueOf(TRUES.contains(text));
    }
    boolean integer = INTEGER.matcher(text).matches();
    if (!integer && !DECIMAL.matcher(text).matches()) {
      return TextNode.valueOf(text);
    }
    if (text.length() > DeclaredBody.NUMBER_LENGTH_MAX) {
      throw invalid(
          scalar, "allowed=numbers of " + DeclaredBody.NUMBER_LENGTH_MAX + " characters at most");
    }
    return integer ? narrow(new BigInteger(text)) : DecimalNode.valueOf(new BigDecimal(text));
  }

  /// As the parser of JSON has it, so that equal numbers are equal nodes.
  private static JsonNode narrow(BigInteger number) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    if (number.bitLength() < Integer.SIZE) {
      return nodes.numberNode(number.intValue());
    }
    return number.bitLength() < Long.SIZE
        ? nodes.numberNode(number.longValue())
        : nodes.numberNode(number);
  }

  private static ProblemException tooDeep(Event event) {
    return invalid(event, "allowed=" + DeclaredBody.DEPTH_MAX + " levels at most");
  }

  private static ProblemException invalid(Event event, String what) {
    return invalid(event.getStartMark(), what);
  }

  private static ProblemException invalid(Optional<Mark> mark, String what) {
    return DeclaredBody.invalid(
        YAML, mark.map(Mark::getLine).orElse(0) + 1, mark.map(Mark::getColumn).orElse(0) + 1, what);
  }

  private static ProblemException invalid(String text, int index) {
    int end = Math.min(Math.max(index, 0), text.length());
    int lineStart = text.lastIndexOf('\n', end - 1) + 1;
    int line = (int) text.substring(0, lineStart).chars().filter(c -> c == '\n').count() + 1;
    return DeclaredBody.invalid(
        YAML, line, end - lineStart + 1, "a character that YAML does not allow");
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s+", " ");
  }
}
