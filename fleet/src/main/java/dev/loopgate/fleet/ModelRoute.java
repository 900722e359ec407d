package dev.loopgate.fleet;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A route to models by weight, as configured (contract section 6).
///
/// @param id as a model's id
/// @param prefix the path under which callers reach it, without a slash at its end; empty for `/`
/// @param targets who gets the requests; their weights add up to 100
/// @param mirror the id of the model that gets a copy of each request, null for none
public record ModelRoute(String id, String prefix, List<Target> targets, @Nullable String mirror) {
  /// One of those who get the requests.
  ///
  /// @param model the id of a model
  /// @param weight how many requests of 100, from 0 on; null only where it is the only target: all
  public record Target(String model, @Nullable Integer weight) {
    /// The weight; 100 where none is said.
    int share() {
      Integer said = weight;
      return said == null ? WEIGHTS : said;
    }
  }

  /// What all weights of a route add up to.
  public static final int WEIGHTS = 100;

  /// Characters of a prefix at most.
  static final int PREFIX_LENGTH_MAX = 1024;

  // Segments of RFC 3986 without percent-encoding: a prefix is compared with the path as it came.
  private static final Pattern PREFIX = Pattern.compile("(?:/[A-Za-z0-9._~!$&'()*+,=:@-]++)++");
  private static final Pattern DOTS = Pattern.compile("(.*/)?\\.\\.?(/.*)?");
  private static final List<String> FORBIDDEN = List.of("/model", "/feedback");

  /// What is wrong with a prefix that is not [#isPlain].
  static final String NOT_PLAIN = "the URL prefix must be / or a path like /custom/x";

  /// Refuses what can't be a route.
  ///
  /// @throws IllegalArgumentException with all that is wrong, joined with `; `
  public ModelRoute {
    targets = List.copyOf(targets);
    List<String> problems = new ArrayList<>();
    if (!Model.ID.matcher(id).matches()) {
      problems.add("ID is not valid");
    }
    String wrong = wrongPrefix(prefix);
    if (wrong != null) {
      problems.add("Validation of model route is failed: " + wrong);
    }
    addWrongTargets(targets, problems);
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", problems));
    }
    prefix = prefix.equals("/") ? "" : prefix;
  }

  private static @Nullable String wrongPrefix(String prefix) {
    if (prefix.isEmpty()) {
      return "empty URL Prefix";
    }
    Optional<String> tooLong = wrongLength(prefix);
    if (tooLong.isPresent()) {
      return tooLong.get();
    }
    if (!prefix.startsWith("/")) {
      return "the URL prefix must start with slash";
    }
    Optional<String> forbidden = forbiddenAbove(prefix);
    if (forbidden.isPresent()) {
      return "the URL prefix " + forbidden.get() + " is forbidden";
    }
    return isPlain(prefix) ? null : NOT_PLAIN;
  }

  /// What is wrong with a prefix of this length; empty when nothing is. Nothing else is asked of a
  /// longer one.
  static Optional<String> wrongLength(String prefix) {
    return prefix.length() <= PREFIX_LENGTH_MAX
        ? Optional.empty()
        : Optional.of(
            "the URL prefix is too long: urlPrefix.length="
                + prefix.length()
                + ", allowed=1 to "
                + PREFIX_LENGTH_MAX);
  }

  /// Whether a path can be told to lie under `prefix` as it came: whole segments, without dots.
  static boolean isPlain(String prefix) {
    return prefix.equals("/")
        || (PREFIX.matcher(prefix).matches() && !DOTS.matcher(prefix).matches());
  }

  /// The door's own prefix that `prefix` is, or lies under.
  static Optional<String> forbiddenAbove(String prefix) {
    return FORBIDDEN.stream().filter(top -> isUnder(top, prefix)).findFirst();
  }

  /// Whether `prefix` is `top`, or lies under it; under an empty one lies everything.
  static boolean isUnder(String top, String prefix) {
    return top.isEmpty() || prefix.equals(top) || prefix.startsWith(top + "/");
  }

  private static void addWrongTargets(List<Target> targets, List<String> problems) {
    if (targets.isEmpty()) {
      problems.add("model deployment targets must contain at least one element");
      return;
    }
    if (targets.size() == 1) {
      if (targets.getFirst().share() != WEIGHTS) {
        problems.add("it must have 100 weight or nil value if there is only one target");
      }
      return;
    }
    Set<String> models = new HashSet<>();
    long sum = 0;
    boolean said = true;
    for (Target target : targets) {
      said &= target.weight() != null;
      sum += target.share();
      if (target.share() < 0) {
        problems.add("target weight must not be negative");
      }
      if (!models.add(target.model())) {
        problems.add("model deployment target " + target.model() + " is repeated");
      }
    }
    if (!said) {
      problems.add("weights must be present if there are more than one model deployment targets");
    } else if (sum != WEIGHTS) {
      problems.add("total target weight does not equal 100");
    }
  }
}
