package dev.loopgate.app;

import dev.loopgate.capture.FieldRule;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Fields of bodies that are never kept: in a file as YAML, in an option or variable as the same
/// YAML in one line.
///
/// @param feedback whether feedback may be looked through; a feedback's model need not be known, so
///   no single model can say so
record FieldsKind(boolean feedback) implements Kind<List<RedactedField>> {
  /// No fields.
  static final String NONE = "[]";

  /// Those of the gateway and those of a model together are what one body can have.
  private static final int FIELDS_MAX = 32;

  private static final Set<String> FIELDS = new LinkedHashSet<>(List.of("pointer", "action", "in"));
  private static final String MASK = "mask";
  private static final String DROP = "drop";

  @Override
  public List<RedactedField> parse(Raw raw) {
    if (raw instanceof Raw.Text(String _, String text) && text.equals(NONE)) {
      return List.of(); // the default, for which the YAML parser need not be loaded
    }
    Raw list =
        raw instanceof Raw.Text(String where, String text) ? ConfigFile.inline(where, text) : raw;
    if (!(list instanceof Raw.Items(String _, List<Raw> items)) || items.size() > FIELDS_MAX) {
      throw new NotAllowedException(allowed());
    }
    List<RedactedField> fields = new ArrayList<>();
    for (Raw item : items) {
      fields.add(field(item));
    }
    return List.copyOf(fields);
  }

  @Override
  public String label() {
    return "FIELDS";
  }

  @Override
  public String allowed() {
    return "a list of at most "
        + FIELDS_MAX
        + " fields like [{pointer: /user/email, action: mask, in: request}], action "
        + MASK
        + " or "
        + DROP
        + ", in "
        + String.join(", ", sides())
        + " or a list of these";
  }

  private RedactedField field(Raw raw) {
    if (!(raw instanceof Raw.Fields(String _, Map<String, Raw> fields))
        || !FIELDS.containsAll(fields.keySet())
        || !(fields.get("pointer") instanceof Raw.Text(String _, String pointer))) {
      throw new NotAllowedException(allowed());
    }
    Raw action = fields.getOrDefault("action", new Raw.Text("", MASK));
    if (!(action instanceof Raw.Text(String _, String word))
        || !(word.equals(MASK) || word.equals(DROP))) {
      throw new NotAllowedException(allowed());
    }
    Raw in = fields.get("in");
    Set<String> sides = in == null ? sides() : Texts.of(in, allowed());
    if (sides.isEmpty() || !sides().containsAll(sides)) {
      throw new NotAllowedException(allowed());
    }
    try {
      return new RedactedField(new FieldRule(pointer, word.equals(DROP)), sides);
    } catch (IllegalArgumentException e) {
      throw new NotAllowedException(allowed() + "; " + e.getMessage());
    }
  }

  private Set<String> sides() {
    Set<String> sides = new LinkedHashSet<>(List.of(RedactedField.REQUEST, RedactedField.RESPONSE));
    if (feedback) {
      sides.add(RedactedField.FEEDBACK);
    }
    return sides;
  }
}
