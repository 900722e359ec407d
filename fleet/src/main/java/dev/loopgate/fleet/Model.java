package dev.loopgate.fleet;

import java.net.URI;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One model that this gateway fronts, as configured.
///
/// @param id `^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$`
/// @param url where its server answers: `http://host:port[/base]`, without query, fragment or user
/// @param predictor what kind of server it is
/// @param prefix the route's path prefix without a slash at its end; empty for `/`
/// @param name the model's own name, [#isLabel], null to learn it
/// @param version the model's own version, [#isLabel], null to learn it
/// @param captured whether its exchanges are kept at all
/// @param bodyBytesMax bytes kept of each direction's body, 0 to [#BODY_BYTES_MAX]
/// @param sampleRate the part of its exchanges that is kept, above 0.0 to 1.0; the rest is counted
public record Model(
    String id,
    URI url,
    Predictor predictor,
    String prefix,
    @Nullable String name,
    @Nullable String version,
    boolean captured,
    int bodyBytesMax,
    double sampleRate) {
  /// What an id looks like (contract section 4).
  public static final Pattern ID = Pattern.compile("[a-z]([-a-z0-9]{0,61}[a-z0-9])?");

  /// The most that may be kept of one body: what `CaptureLimits` of `capture` allows.
  public static final int BODY_BYTES_MAX = 12 << 20;

  private static final int LABEL_LENGTH_MAX = 256;

  // Segments of RFC 3986 without percent-encoding: a prefix is compared with the path as it came.
  private static final Pattern PREFIX = Pattern.compile("(/[A-Za-z0-9._~!$&'()*+,=:@-]+)*");
  private static final Pattern DOTS = Pattern.compile("(.*/)?\\.\\.?(/.*)?");
  // The door's own (contract section 6).
  private static final Set<String> FORBIDDEN_PREFIXES = Set.of("/model", "/feedback");

  public Model {
    if (!ID.matcher(id).matches()) {
      throw new IllegalArgumentException("model id: value=" + id + ", allowed=" + ID);
    }
    if (!isServer(url)) {
      throw new IllegalArgumentException(
          "model url: model=" + id + ", value=" + url + ", allowed=http://host:port[/path]");
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
    if (bodyBytesMax < 0 || bodyBytesMax > BODY_BYTES_MAX) {
      throw new IllegalArgumentException(
          "model body bytes: model="
              + id
              + ", value="
              + bodyBytesMax
              + ", allowed=0 to "
              + BODY_BYTES_MAX);
    }
    if (!(sampleRate > 0.0 && sampleRate <= 1.0)) {
      throw new IllegalArgumentException(
          "model sample: model=" + id + ", value=" + sampleRate + ", allowed=above 0.0 to 1.0");
    }
  }

  /// A model of whose exchanges all are kept.
  public Model(
      String id,
      URI url,
      Predictor predictor,
      String prefix,
      @Nullable String name,
      @Nullable String version,
      boolean captured,
      int bodyBytesMax) {
    this(id, url, predictor, prefix, name, version, captured, bodyBytesMax, 1.0);
  }

  /// Whether `value` can stand as a name or version in records, headers and file names: 1 to 256
  /// characters, not blank, no control character.
  public static boolean isLabel(String value) {
    return !value.isBlank()
        && value.length() <= LABEL_LENGTH_MAX
        && value.chars().noneMatch(Character::isISOControl);
  }

  /// Host of the server.
  public String host() {
    return url.getHost();
  }

  /// Port of the server; 80 when the url names none.
  public int port() {
    return url.getPort() < 0 ? 80 : url.getPort();
  }

  /// Path that stands before every path of the model; empty, or starting but not ending with a
  /// slash.
  public String basePath() {
    String path = url.getRawPath();
    int end = path == null ? 0 : path.length();
    while (end > 0 && path.charAt(end - 1) == '/') {
      end--;
    }
    return end == 0 ? "" : path.substring(0, end);
  }

  /// `host:port`, as records name the replica.
  public String authority() {
    return host() + ":" + port();
  }

  private static boolean isServer(URI url) {
    return "http".equals(url.getScheme())
        && url.getHost() != null
        && url.getPort() != 0
        && url.getPort() <= 65_535
        && url.getRawQuery() == null
        && url.getRawFragment() == null
        && url.getRawUserInfo() == null;
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
