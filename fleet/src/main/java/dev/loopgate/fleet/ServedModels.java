package dev.loopgate.fleet;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The models of a server of several, as inference paths of the Open Inference Protocol name them.
/// Any thread.
///
/// Callers write paths, so that only what has answered with success once counts: a name, and a
/// version of it, each by itself.
final class ServedModels {
  /// Beyond so many names and versions the others go by the deployment's own.
  private static final int MODELS_MAX = 1024;

  private static final Pattern INFER =
      Pattern.compile("/v2/models/([^/]{1,768})(?:/versions/([^/]{1,768}))?/infer/?$");

  private final Set<Named> proven = ConcurrentHashMap.newKeySet();

  /// What a path names.
  ///
  /// @param version empty where the path says none
  record Named(String name, String version) {
    Named withoutVersion() {
      return version.isEmpty() ? this : new Named(name, "");
    }
  }

  /// The model that `path` names; null when it names none, or in a form that [Model#isLabel] does
  /// not allow.
  static @Nullable Named in(String path) {
    int from = path.lastIndexOf("/v2/models/");
    if (from < 0) {
      return null;
    }
    Matcher found = INFER.matcher(path).region(from, path.length());
    if (!found.lookingAt()) {
      return null;
    }
    String name = decoded(found.group(1));
    String version = found.group(2) == null ? "" : decoded(found.group(2));
    return Model.isLabel(name) ? new Named(name, Model.isLabel(version) ? version : "") : null;
  }

  /// The model is one of the server's.
  void add(Named model) {
    if (proven.size() < MODELS_MAX) {
      proven.add(model);
    }
  }

  boolean has(Named model) {
    return proven.contains(model);
  }

  /// Whether a model of this name is one of the server's, in any version.
  boolean hasName(String name) {
    for (Named model : proven) {
      if (model.name().equals(name)) {
        return true;
      }
    }
    return false;
  }

  /// What another configuration of the same server knew.
  void addAll(ServedModels others) {
    proven.addAll(others.proven);
  }

  private static String decoded(String segment) {
    if (segment.indexOf('%') < 0) {
      return segment;
    }
    byte[] bytes = new byte[segment.length()];
    int length = 0;
    for (int i = 0; i < segment.length(); i++) {
      int high = i + 2 < segment.length() ? Character.digit(segment.charAt(i + 1), 16) : -1;
      int low = high < 0 ? -1 : Character.digit(segment.charAt(i + 2), 16);
      if (segment.charAt(i) == '%' && low >= 0) {
        bytes[length++] = (byte) (high << 4 | low);
        i += 2;
      } else {
        bytes[length++] =
            (byte) segment.charAt(i); // a path is ASCII; what is no escape stands as it is
      }
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }
}
