package dev.loopgate.app;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Words in a configuration, one or several.
final class Texts {
  private Texts() {}

  /// A text, or a list of texts.
  ///
  /// @throws NotAllowedException that says `allowed` when it is neither
  static Set<String> of(Raw raw, String allowed) {
    Set<String> texts = new LinkedHashSet<>();
    switch (raw) {
      case Raw.Text(String _, String text) -> texts.add(text);
      case Raw.Items(String _, List<Raw> items) -> {
        for (Raw item : items) {
          if (!(item instanceof Raw.Text(String _, String text))) {
            throw new NotAllowedException(allowed);
          }
          texts.add(text);
        }
      }
      case Raw.Fields _ -> throw new NotAllowedException(allowed);
    }
    return texts;
  }
}
