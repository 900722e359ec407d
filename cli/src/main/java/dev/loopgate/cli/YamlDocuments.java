package dev.loopgate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.DocumentStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.events.SequenceStartEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/// The documents of a YAML text as trees of JSON: no tag, no key twice, bounded in depth and in
/// what aliases stand for. Confined to one call of [#read].
final class YamlDocuments {
  /// What is nested deeper is refused.
  static final int DEPTH_MAX = 64;

  /// What all aliases of a text may stand for: a character of a text is 1, and each node.
  static final long ALIASED_MAX = 1 << 20;

  private static final int NUMBER_LENGTH_MAX = 100;
  private static final Set<String> NULLS = Set.of("", "~", "null", "Null", "NULL");
  private static final Set<String> TRUES = Set.of("true", "True", "TRUE");
  private static final Set<String> FALSES = Set.of("false", "False", "FALSE");
  private static final Pattern INTEGER = Pattern.compile("[-+]?[0-9]+");
  private static final Pattern DECIMAL =
      Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]{1,8})?");
  private static final Set<String> TAGS =
      Set.of("!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq");

  private record Anchored(JsonNode node, long weight, int height) {}

  private final Iterator<Event> events;
  private final Map<String, Anchored> anchors = new HashMap<>(); // as many as the text has
  private long weight;
  private long aliased;
  private int deepest; // level that the node being read has reached

  private YamlDocuments(Iterator<Event> events) {
    this.events = events;
  }

  /// @throws ClientException that says what is wrong and where
  static List<JsonNode> read(String text) throws ClientException {
    LoadSettings settings = LoadSettings.builder().setLabel("file").build();
    List<JsonNode> documents = new ArrayList<>();
    try {
      YamlDocuments reading = new YamlDocuments(new Parse(settings).parseString(text).iterator());
      while (reading.events.hasNext()) {
        if (reading.events.next() instanceof DocumentStartEvent) {
          reading.anchors.clear();
          documents.add(reading.node(reading.events.next(), 1));
        }
      }
    } catch (MarkedYamlEngineException e) {
      throw invalid(e.getProblemMark(), String.valueOf(e.getProblem()));
    } catch (YamlEngineException e) {
      throw new ClientException(PrintableText.line(String.valueOf(e.getMessage()), 500));
    }
    return documents;
  }

  private JsonNode node(Event event, int depth) throws ClientException {
    if (depth > DEPTH_MAX) {
      throw invalid(event, "allowed: " + DEPTH_MAX + " levels at most");
    }
    deepest = Math.max(deepest, depth);
    return switch (event) {
      case ScalarEvent scalar -> scalar(scalar);
      case SequenceStartEvent start -> sequence(start, depth);
      case MappingStartEvent start -> mapping(start, depth);
      case AliasEvent alias -> alias(alias, depth);
      default -> throw invalid(event, "a value is missing");
    };
  }

  private JsonNode sequence(SequenceStartEvent start, int depth) throws ClientException {
    checkTag(start, start.getTag());
    int above = deepest;
    deepest = depth;
    long before = weight++;
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    Event event = events.next();
    while (event.getEventId() != Event.ID.SequenceEnd) {
      array.add(node(event, depth + 1));
      event = events.next();
    }
    keep(start.getAnchor(), array, before, depth);
    deepest = Math.max(above, deepest);
    return array;
  }

  private JsonNode mapping(MappingStartEvent start, int depth) throws ClientException {
    checkTag(start, start.getTag());
    int above = deepest;
    deepest = depth;
    long before = weight++;
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    Event event = events.next();
    while (event.getEventId() != Event.ID.MappingEnd) {
      if (!(event instanceof ScalarEvent key)) {
        throw invalid(event, "a key that is no text");
      }
      if (object.has(key.getValue())) {
        throw invalid(event, "the key '" + key.getValue() + "' stands twice");
      }
      weight += key.getValue().length();
      object.set(key.getValue(), node(events.next(), depth + 1));
      event = events.next();
    }
    keep(start.getAnchor(), object, before, depth);
    deepest = Math.max(above, deepest);
    return object;
  }

  private JsonNode alias(AliasEvent alias, int depth) throws ClientException {
    Anchored anchored = anchors.get(alias.getAlias().getValue());
    if (anchored == null) {
      throw invalid(alias, "an alias of what has not ended, or is not there");
    }
    aliased += anchored.weight;
    if (aliased > ALIASED_MAX) {
      throw invalid(alias, "aliases stand for more than " + ALIASED_MAX + " characters");
    }
    if (depth + anchored.height > DEPTH_MAX) {
      throw invalid(alias, "allowed: " + DEPTH_MAX + " levels at most");
    }
    weight += anchored.weight;
    deepest = Math.max(deepest, depth + anchored.height);
    return anchored.node;
  }

  private JsonNode scalar(ScalarEvent scalar) throws ClientException {
    checkTag(scalar, scalar.getTag());
    String text = scalar.getValue();
    long before = weight;
    weight += 1 + text.length();
    JsonNode node =
        scalar.isPlain() && scalar.getTag().isEmpty()
            ? plain(scalar, text)
            : TextNode.valueOf(text);
    scalar
        .getAnchor()
        .ifPresent(
            anchor -> anchors.put(anchor.getValue(), new Anchored(node, weight - before, 0)));
    return node;
  }

  private void keep(Optional<Anchor> anchor, JsonNode node, long before, int depth) {
    anchor.ifPresent(
        name -> anchors.put(name.getValue(), new Anchored(node, weight - before, deepest - depth)));
  }

  private static void checkTag(Event event, Optional<String> tag) throws ClientException {
    if (tag.isPresent() && !TAGS.contains(tag.get())) {
      throw invalid(event, "a tag that is not allowed");
    }
  }

  private static JsonNode plain(ScalarEvent scalar, String text) throws ClientException {
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
    if (text.length() > NUMBER_LENGTH_MAX) {
      throw invalid(scalar, "a number of more than " + NUMBER_LENGTH_MAX + " characters");
    }
    return integer
        ? JsonNodeFactory.instance.numberNode(new BigInteger(text))
        : DecimalNode.valueOf(new BigDecimal(text));
  }

  private static ClientException invalid(Event event, String what) {
    return invalid(event.getStartMark(), what);
  }

  private static ClientException invalid(Optional<Mark> mark, String what) {
    String where =
        mark.map(at -> "line " + (at.getLine() + 1) + ", column " + (at.getColumn() + 1) + ": ")
            .orElse("");
    return new ClientException(where + PrintableText.line(what, 300));
  }
}
