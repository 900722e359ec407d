package dev.loopgate.app;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads a list of mappings: from a file as YAML, from an option or variable as the same YAML in
/// one line.
final class Listing {
  /// Nothing in it.
  static final String NONE = "[]";

  private Listing() {}

  /// The mappings, at most `max`.
  ///
  /// @throws NotAllowedException with `allowed`, when `raw` is no such list
  static List<Raw> items(Raw raw, int max, String allowed) {
    if (raw instanceof Raw.Text(String _, String text) && text.equals(NONE)) {
      return List.of(); // the default, for which the YAML parser need not be loaded
    }
    Raw list =
        raw instanceof Raw.Text(String where, String text) ? ConfigFile.inline(where, text) : raw;
    if (!(list instanceof Raw.Items(String _, List<Raw> items)) || items.size() > max) {
      throw new NotAllowedException(allowed);
    }
    return items;
  }

  /// The fields of one mapping, all of them `known`.
  ///
  /// @param at where it stands, for messages
  /// @throws NotAllowedException with `allowed`, when `raw` is no mapping; or naming the field
  static Map<String, Raw> fields(Raw raw, String at, Set<String> known, String allowed) {
    if (!(raw instanceof Raw.Fields(String _, Map<String, Raw> fields))) {
      throw new NotAllowedException(allowed);
    }
    for (String field : fields.keySet()) {
      if (!known.contains(field)) {
        throw new NotAllowedException(
            at
                + " has the fields "
                + String.join(", ", known)
                + ", not "
                + Shown.of(field)
                + Shown.didYouMean(field, known));
      }
    }
    return fields;
  }

  /// The plain text of a field, null when it is not there.
  static @Nullable String text(Map<String, Raw> fields, String at, String name) {
    Raw raw = fields.get(name);
    if (raw == null) {
      return null;
    }
    if (raw instanceof Raw.Text(String _, String text)) {
      return text;
    }
    throw new NotAllowedException(at + "." + name + " is a text, not " + Shown.of(raw));
  }
}
