package dev.loopgate.fleet;

import java.net.URI;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One model that this gateway fronts, as configured.
///
/// @param id `^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$`
/// @param upstream where its servers answer, and how they are spoken to
/// @param predictor what kind of server it is
/// @param prefix the route's path prefix without a slash at its end; empty for `/`
/// @param name the model's own name, [#isLabel], null to learn it
/// @param version the model's own version, [#isLabel], null to learn it
/// @param kept what is kept of its exchanges
/// @param bounds how long it may take and how much may be asked of it
/// @param role who has it may call the model, where tokens are asked for; null for nobody more
public record Model(
    String id,
    Upstream upstream,
    Predictor predictor,
    String prefix,
    @Nullable String name,
    @Nullable String version,
    Kept kept,
    Bounds bounds,
    @Nullable String role) {
  /// What an id looks like (contract section 4).
  public static final Pattern ID = Pattern.compile("[a-z]([-a-z0-9]{0,61}[a-z0-9])?");

  private static final int LABEL_LENGTH_MAX = 256;

  // Segments of RFC 3986 without percent-encoding: a prefix is compared with the path as it came.
  private static final Pattern PREFIX = Pattern.compile("(?:/[A-Za-z0-9._~!$&'()*+,=:@-]++)*+");
  private static final Pattern DOTS = Pattern.compile("(.*/)?\\.\\.?(/.*)?");
  // The door's own (contract section 6).
  private static final Set<String> FORBIDDEN_PREFIXES = Set.of("/model", "/feedback");

  public Model {
    if (!ID.matcher(id).matches()) {
      throw new IllegalArgumentException("model id: value=" + id + ", allowed=" + ID);
    }
    if (prefix.length() > ModelRoute.PREFIX_LENGTH_MAX) {
      throw new IllegalArgumentException(
          "model prefix: model="
              + id
              + ", length="
              + prefix.length()
              + ", allowed=0 to "
              + ModelRoute.PREFIX_LENGTH_MAX);
    }
    if (!PREFIX.matcher(prefix).matches() || DOTS.matcher(prefix).matches()) {
      throw new IllegalArgumentException(
          "model prefix: model=" + id + ", value=" + prefix + ", allowed=/path or /");
    }
    if (FORBIDDEN_PREFIXES.contains(prefix)) {
      throw new IllegalArgumentException(
          "model prefix: model=" + id + ", the URL prefix " + prefix + " is forbidden");
    }
    checkLabel("model name", id, name);
    checkLabel("model version", id, version);
    checkLabel("model role", id, role);
  }

  /// A model that no role of its own is for.
  public Model(
      String id,
      Upstream upstream,
      Predictor predictor,
      String prefix,
      @Nullable String name,
      @Nullable String version,
      Kept kept,
      Bounds bounds) {
    this(id, upstream, predictor, prefix, name, version, kept, bounds, null);
  }

  /// A model without bounds of its own.
  public Model(
      String id,
      Upstream upstream,
      Predictor predictor,
      String prefix,
      @Nullable String name,
      @Nullable String version,
      Kept kept) {
    this(id, upstream, predictor, prefix, name, version, kept, Bounds.NONE);
  }

  /// A model with one server, of whose exchanges all are kept.
  public static Model of(
      String id,
      URI url,
      Predictor predictor,
      String prefix,
      @Nullable String name,
      @Nullable String version,
      int bodyBytesMax) {
    Upstream upstream = new Upstream(List.of(new Replica(url)));
    return new Model(
        id, upstream, predictor, prefix, name, version, new Kept(true, bodyBytesMax, 1.0));
  }

  /// The same model at another place, its paths unchanged.
  Model at(Upstream place) {
    return new Model(id, place, predictor, "", name, version, kept, bounds, role);
  }

  /// Whether `value` can stand as a name or version in records, headers and file names: 1 to 256
  /// characters, not blank, no control character.
  public static boolean isLabel(String value) {
    return !value.isBlank()
        && value.length() <= LABEL_LENGTH_MAX
        && value.chars().noneMatch(Character::isISOControl);
  }

  /// Path that stands before every path of the model on its servers; empty, or starting but not
  /// ending with a slash.
  public String basePath() {
    return upstream.isHosted() ? "" : replica().basePath();
  }

  /// `http` or `https`, as its servers are asked.
  public String scheme() {
    return upstream.isHosted() ? "http" : replica().scheme();
  }

  /// The first server, which stands for all in what they have in common. There has to be one: not
  /// where they come and go ([Upstream#isHosted]).
  public Replica replica() {
    return upstream.replicas().getFirst();
  }

  private static void checkLabel(String what, String id, @Nullable String value) {
    if (value != null && !isLabel(value)) {
      throw new IllegalArgumentException(
          what
              + ": model="
              + id
              + ", length="
              + value.length()
              + ", allowed=1 to "
              + LABEL_LENGTH_MAX
              + " printable characters");
    }
  }
}
