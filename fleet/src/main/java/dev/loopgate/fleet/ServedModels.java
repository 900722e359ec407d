package dev.loopgate.fleet;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The models of a server of several, as inference paths of the Open Inference Protocol name them.
/// Any thread.
///
/// Callers write paths, so that only a model counts that has answered with success once.
final class ServedModels {
  /// Beyond so many the others go by the deployment's own name.
  private static final int MODELS_MAX = 1024;

  private static final Pattern INFER =
      Pattern.compile("/v2/models/([^/]{1,768})(?:/versions/([^/]{1,768}))?/infer/?$");

  private final Set<String> names = ConcurrentHashMap.newKeySet();

  /// What a path names.
  ///
  /// @param version empty where the path says none
  record Named(String name, String version) {}

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
  void add(String name) {
    if (names.size() < MODELS_MAX) {
      names.add(name);
    }
  }

  boolean has(String name) {
    return names.contains(name);
  }

  /// What another configuration of the same server knew.
  void addAll(ServedModels others) {
    names.addAll(others.names);
  }

  private static String decoded(String segment) {
    try {
      return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      return segment; // no escape: as it stands
    }
  }
}
