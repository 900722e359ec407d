package dev.loopgate.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads the fields of one JSON object strictly. What is wrong is noted, with where it stands, and
/// reads as if it were not there. Null is as good as absent. Confined to one thread.
final class FieldReader {
  /// What is noted of one body.
  static final int VIOLATIONS_MAX = 32;

  /// Characters of a name of a text: as Kubernetes has it, a prefix of 253, a slash, and 63.
  private static final int NAME_LENGTH_MAX = 317;

  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

  /// Digits before or after the point that a quantity given as a number may stand for.
  private static final int SCALE_MAX = 30;

  private final @Nullable JsonNode node; // null for one that is not there
  private final String pointer;
  private final SecretText opening;
  private final List<Violation> violations;
  private final Set<String> known = new LinkedHashSet<>();

  private FieldReader(
      @Nullable JsonNode node, String pointer, SecretText opening, List<Violation> violations) {
    this.node = node;
    this.pointer = pointer;
    this.opening = opening;
    this.violations = violations;
  }

  /// A reader of the whole of `body`.
  ///
  /// @param opening what a secret is, by what stands there
  static FieldReader of(JsonNode body, SecretText opening) {
    FieldReader reader =
        new FieldReader(body.isObject() ? body : null, "", opening, new ArrayList<>());
    if (!body.isObject()) {
      reader.wrongType("", body, "an object");
    }
    return reader;
  }

  /// A reader of a part of a body: what is wrong with it is noted with the whole.
  private FieldReader part(@Nullable JsonNode part, String partPointer) {
    return new FieldReader(part, partPointer, opening, violations);
  }

  /// A text without control characters; empty when absent.
  String text(String name) {
    String text = textOrNull(name);
    return text == null ? "" : text;
  }

  /// A text without control characters, at most so long; empty when absent.
  String text(String name, int lengthMax) {
    String text = text(name);
    if (text.length() <= lengthMax) {
      return text;
    }
    wrong(name, "too long", "0 to " + lengthMax + " characters");
    return "";
  }

  /// A text without control characters; null when absent.
  @Nullable String textOrNull(String name) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    if (!value.isTextual() || value.textValue().chars().anyMatch(Character::isISOControl)) {
      wrongType(at(name), value, "a text without control characters");
      return null;
    }
    return whole(name, value) ? value.textValue() : null;
  }

  /// Any text; empty when absent.
  String freeText(String name) {
    JsonNode value = value(name);
    if (value == null) {
      return "";
    }
    if (!value.isTextual()) {
      wrongType(at(name), value, "a text");
      return "";
    }
    return whole(name, value) ? value.textValue() : "";
  }

  private boolean whole(String name, JsonNode text) {
    boolean whole = WholeText.isWhole(text.textValue());
    if (!whole) {
      wrongType(at(name), text, "a text of " + WholeText.ALLOWED);
    }
    return whole;
  }

  /// A text that no message shows.
  Secret secret(String name) {
    JsonNode value = value(name);
    if (value == null) {
      return Secret.NONE;
    }
    if (!value.isTextual()) {
      note(at(name), "wrong type: pointer=" + at(name) + ", allowed=a text");
      return Secret.NONE;
    }
    Secret read = new Secret(value.textValue());
    return read.isEmpty() ? read : new Secret(opening.of(name, read));
  }

  /// A whole number of 32 bits; null when absent.
  @Nullable Integer int32(String name) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      wrongType(at(name), value, "a whole number of 32 bits");
      return null;
    }
    return value.intValue();
  }

  /// A whole number from 1 on; 1 when absent, which is noted.
  long positive(String name) {
    JsonNode value = value(name);
    if (value == null
        || !value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.longValue() < 1) {
      wrongType(at(name), value, "a whole number from 1 on");
      return 1;
    }
    return value.longValue();
  }

  /// True or false; null when absent.
  @Nullable Boolean flagOrNull(String name) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    if (!value.isBoolean()) {
      wrongType(at(name), value, "true or false");
      return null;
    }
    return value.booleanValue();
  }

  /// True or false; false when absent.
  boolean flag(String name) {
    Boolean flag = flagOrNull(name);
    return flag != null && flag;
  }

  /// A time span such as `90s`; null when absent.
  @Nullable Duration duration(String name) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    Matcher span = DURATION.matcher(value.isTextual() ? value.textValue() : "");
    if (!span.matches()) {
      wrongType(at(name), value, "a text of a number and ms, s, m or h");
      return null;
    }
    long count = Long.parseLong(span.group(1));
    return switch (span.group(2)) {
      case "ms" -> Duration.ofMillis(count);
      case "s" -> Duration.ofSeconds(count);
      case "m" -> Duration.ofMinutes(count);
      default -> Duration.ofHours(count);
    };
  }

  /// A point in time as RFC 3339 has it; null when absent.
  @Nullable Instant instant(String name) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    try {
      return Instant.parse(value.isTextual() ? value.textValue() : "");
    } catch (DateTimeException _) {
      wrongType(at(name), value, "a time such as 2026-11-27T10:00:00Z");
      return null;
    }
  }

  /// A quantity: a text, or a number that becomes one; null when absent.
  @Nullable String quantity(String name) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    if (value.isTextual()) {
      return value.textValue();
    }
    if (!value.isNumber() || !isModest(value)) {
      wrongType(at(name), value, "a quantity such as \"250m\" or 1");
      return null;
    }
    return value.decimalValue().stripTrailingZeros().toPlainString();
  }

  /// Any texts by name; a name has 1 to [#NAME_LENGTH_MAX] characters, and no control characters.
  /// Empty when absent.
  Map<String, String> texts(String name) {
    Map<String, String> texts = new LinkedHashMap<>();
    JsonNode value = value(name);
    if (value == null) {
      return texts;
    }
    if (!value.isObject()) {
      wrongType(at(name), value, "an object of texts");
      return texts;
    }
    FieldReader fields = part(value, at(name));
    for (Map.Entry<String, JsonNode> each : value.properties()) {
      String key = each.getKey();
      if (!isName(key)) {
        note(
            fields.at(key),
            "wrong name: pointer="
                + fields.at(key)
                + ", allowed=1 to "
                + NAME_LENGTH_MAX
                + " printable, "
                + WholeText.ALLOWED);
      } else if (!each.getValue().isNull()) {
        texts.put(key, fields.freeText(key));
      }
    }
    return texts;
  }

  /// What `reading` makes of the object; null when absent.
  <T> @Nullable T object(String name, Function<FieldReader, T> reading) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    if (!value.isObject()) {
      wrongType(at(name), value, "an object");
      return null;
    }
    FieldReader fields = part(value, at(name));
    T read = reading.apply(fields);
    fields.finish();
    return read;
  }

  /// What `reading` makes of the object, or of an empty one when it is absent or no object.
  <T> T objectOrEmpty(String name, Function<FieldReader, T> reading) {
    T read = object(name, reading);
    return read == null ? reading.apply(part(null, at(name))) : read;
  }

  /// What `reading` makes of each object of the array; empty when absent.
  <T> List<T> objects(String name, Function<FieldReader, T> reading) {
    List<T> all = new ArrayList<>();
    JsonNode value = value(name);
    if (value == null) {
      return all;
    }
    if (!value.isArray()) {
      wrongType(at(name), value, "an array of objects");
      return all;
    }
    for (int i = 0; i < value.size(); i++) {
      JsonNode element = value.get(i);
      String elementPointer = at(name) + "/" + i;
      if (element.isObject()) {
        FieldReader fields = part(element, elementPointer);
        all.add(reading.apply(fields));
        fields.finish();
      } else {
        wrongType(elementPointer, element, "an object");
      }
    }
    return all;
  }

  /// One of the words; null when it is none of them, which is noted.
  <E> @Nullable E word(String name, List<E> all, Function<E, String> wordOf) {
    String text = text(name);
    for (E each : all) {
      if (wordOf.apply(each).equals(text)) {
        return each;
      }
    }
    note(
        at(name),
        "unknown word: pointer="
            + at(name)
            + ", value="
            + quoted(text)
            + ", allowed="
            + all.stream().map(wordOf).toList());
    return null;
  }

  /// A field that is known and that nobody reads.
  void passOver(String name) {
    known.add(name);
  }

  /// Notes that a field does not hold what it should.
  void wrong(String name, String what, String allowed) {
    note(
        at(name),
        what + ": pointer=" + at(name) + ", value=" + quoted(text(name)) + ", allowed=" + allowed);
  }

  /// Notes the fields that nobody asked for; but null ones, which clients send for what they do not
  /// set.
  void finish() {
    if (node == null) {
      return;
    }
    for (Map.Entry<String, JsonNode> each : node.properties()) {
      if (violations.size() >= VIOLATIONS_MAX) {
        return; // what is nearest to a name takes a while to find, and nobody would be told
      }
      if (!known.contains(each.getKey()) && !each.getValue().isNull()) {
        String where = at(each.getKey());
        note(where, "unknown field: pointer=" + where + nearest(each.getKey()));
      }
    }
  }

  /// @throws MalformedException when something was noted
  void throwNoted() throws MalformedException {
    if (!violations.isEmpty()) {
      throw new MalformedException(violations);
    }
  }

  private @Nullable JsonNode value(String name) {
    known.add(name);
    JsonNode value = node == null ? null : node.get(name);
    return value == null || value.isNull() ? null : value;
  }

  private String at(String name) {
    String escaped = name.replace("~", "~0").replace("/", "~1");
    return pointer + "/" + Shown.of(escaped);
  }

  private void wrongType(String where, @Nullable JsonNode value, String allowed) {
    note(
        where, "wrong type: pointer=" + where + ", value=" + shown(value) + ", allowed=" + allowed);
  }

  private void note(String where, String message) {
    if (violations.size() < VIOLATIONS_MAX) {
      violations.add(new Violation(where, message));
    }
  }

  private static boolean isName(String key) {
    return !key.isEmpty()
        && key.length() <= NAME_LENGTH_MAX
        && key.chars().noneMatch(Character::isISOControl)
        && WholeText.isWhole(key);
  }

  private static boolean isModest(JsonNode number) {
    if (number.isFloatingPointNumber() && !Double.isFinite(number.doubleValue())) {
      return false;
    }
    return Math.abs(number.decimalValue().scale()) <= SCALE_MAX
        && number.decimalValue().precision() <= SCALE_MAX;
  }

  private static String shown(@Nullable JsonNode value) {
    if (value == null) {
      return "none";
    }
    return switch (value.getNodeType()) {
      case ARRAY -> "an array of " + value.size();
      case OBJECT -> "an object of " + value.size();
      case STRING -> quoted(value.textValue());
      default -> Shown.of(value.asText());
    };
  }

  private static String quoted(String text) {
    return '"' + Shown.of(text) + '"';
  }

  /// Whatever the case of the letters.
  private String nearest(String name) {
    String best = "";
    int least = Integer.MAX_VALUE;
    String given =
        lowerCase(name.length() > Shown.LENGTH_MAX ? name.substring(0, Shown.LENGTH_MAX) : name);
    for (String each : known) {
      int distance = EditDistance.of(given, lowerCase(each));
      if (distance < least) {
        least = distance;
        best = each;
      }
    }
    return best.isEmpty() ? "" : ", nearest=" + best;
  }

  private static String lowerCase(String text) {
    char[] letters = text.toCharArray();
    for (int i = 0; i < letters.length; i++) {
      letters[i] = Character.toLowerCase(letters[i]);
    }
    return new String(letters);
  }
}
