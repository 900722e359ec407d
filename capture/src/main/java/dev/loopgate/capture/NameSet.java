package dev.loopgate.capture;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/// Names, each exact or with `*` for any run of characters, also none: `x-secret-*`. Case is no
/// matter. Immutable, any thread.
public final class NameSet {
  /// No name.
  public static final NameSet NONE = new NameSet(Set.of());

  private final Set<String> names;
  private final Set<String> exact;
  private final List<String> patterns; // with `*`: looked at only when no exact name fits

  /// @param names exact ones and patterns, in any case
  public NameSet(Set<String> names) {
    this.names =
        names.stream()
            .map(name -> name.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
    this.exact =
        this.names.stream()
            .filter(name -> name.indexOf('*') < 0)
            .collect(Collectors.toUnmodifiableSet());
    List<String> withStar = new ArrayList<>(this.names);
    withStar.removeAll(exact);
    this.patterns = List.copyOf(withStar);
  }

  /// The exact names and the patterns, lower case.
  public Set<String> names() {
    return names;
  }

  /// Whether no name is in it.
  public boolean isEmpty() {
    return names.isEmpty();
  }

  /// Whether this lower-case name is one of them.
  public boolean contains(String name) {
    if (exact.contains(name)) {
      return true;
    }
    for (int i = 0; i < patterns.size(); i++) {
      if (matches(patterns.get(i), name)) {
        return true;
      }
    }
    return false;
  }

  /// Goes back to the last `*` only: at most the product of both lengths, whoever writes the name.
  private static boolean matches(String pattern, String name) {
    int p = 0;
    int n = 0;
    int star = -1;
    int resume = 0;
    while (n < name.length()) {
      if (p < pattern.length() && pattern.charAt(p) == '*') {
        star = p++;
        resume = n;
      } else if (p < pattern.length() && pattern.charAt(p) == name.charAt(n)) {
        p++;
        n++;
      } else if (star >= 0) {
        p = star + 1;
        n = ++resume;
      } else {
        return false;
      }
    }
    while (p < pattern.length() && pattern.charAt(p) == '*') {
      p++;
    }
    return p == pattern.length();
  }
}
