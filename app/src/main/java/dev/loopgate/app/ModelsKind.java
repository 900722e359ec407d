package dev.loopgate.app;

import dev.loopgate.capture.CaptureLimits;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Upstream;
import dev.loopgate.policy.Roles;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The list of models: in a file as YAML, in an option or variable as the same YAML in one line.
///
/// A model that does not say how much of its bodies or how many of its exchanges are kept gets the
/// gateway's own limits from [Settings].
record ModelsKind() implements Kind<List<ConfiguredModel>> {
  /// No models.
  static final String NONE = "[]";

  private static final int MODELS_MAX = 1_024; // slots of the ledger
  private static final Set<String> FIELDS =
      new LinkedHashSet<>(
          List.of(
              "id",
              "url",
              "predictor",
              "prefix",
              "name",
              "version",
              "role",
              "capture",
              "body-bytes-max",
              "sample"));
  private static final Pattern PREFIX = Pattern.compile("/|(/[A-Za-z0-9._~-]+)+");
  private static final Pattern ROLE = Pattern.compile("[!-~]{1,256}");
  private static final Pattern HEADER_VALUE = Pattern.compile("[!-~]([ -~]{0,254}[!-~])?");
  // Paths of the door itself: a model there could never be reached, or would hide feedback.
  private static final List<String> OWN =
      List.of("/feedback", "/api/v1/feedback", "/healthz", "/readyz", "/metrics");

  @Override
  public List<ConfiguredModel> parse(Raw raw) {
    if (raw instanceof Raw.Text(String _, String text) && text.equals(NONE)) {
      return List.of(); // the default, for which the YAML parser need not be loaded
    }
    Raw list =
        raw instanceof Raw.Text(String where, String text) ? ConfigFile.inline(where, text) : raw;
    if (!(list instanceof Raw.Items(String _, List<Raw> items)) || items.size() > MODELS_MAX) {
      throw new NotAllowedException(allowed());
    }
    List<ConfiguredModel> models = new ArrayList<>();
    for (Raw item : items) {
      models.add(model(item, models.size()));
    }
    try {
      Fleet.of(models.stream().map(ConfiguredModel::model).toList());
    } catch (IllegalArgumentException e) {
      throw new NotAllowedException("each id and each prefix once; " + e.getMessage());
    }
    return List.copyOf(models);
  }

  @Override
  public String label() {
    return "MODELS";
  }

  @Override
  public String allowed() {
    return "a list of at most "
        + MODELS_MAX
        + " models like [{id: churn, url: \"http://127.0.0.1:5000\"}], fields "
        + String.join(", ", FIELDS);
  }

  private ConfiguredModel model(Raw raw, int index) {
    if (!(raw instanceof Raw.Fields(String _, Map<String, Raw> fields))) {
      throw new NotAllowedException(allowed());
    }
    String at = "models[" + index + "]";
    for (String field : fields.keySet()) {
      if (!FIELDS.contains(field)) {
        throw new NotAllowedException(
            at
                + " has the fields "
                + String.join(", ", FIELDS)
                + ", not "
                + Shown.of(field)
                + Shown.didYouMean(field, FIELDS));
      }
    }
    String id = field(fields, at, "id", Model.ID, "letters, digits and dashes like churn-2");
    if (id == null) {
      throw new NotAllowedException(at + ".id is needed: letters, digits and dashes like churn-2");
    }
    String prefix = field(fields, at, "prefix", PREFIX, "/ or a path like /model/churn");
    Model model =
        new Model(
            id,
            new Upstream(List.of(new Replica(url(fields, at)))),
            predictor(fields, at),
            prefixOf(prefix == null ? "/model/" + id : prefix, at),
            field(fields, at, "name", HEADER_VALUE, "1 to 256 printable ASCII characters"),
            field(fields, at, "version", HEADER_VALUE, "1 to 256 printable ASCII characters"),
            new Kept(captured(fields, at), Kept.BODY_BYTES_MAX, 1.0),
            role(fields, at));
    return new ConfiguredModel(model, bodyBytes(fields, at), sampleRate(fields, at));
  }

  private static String prefixOf(String prefix, String at) {
    for (String own : OWN) {
      if (prefix.equals(own) || prefix.startsWith(own + "/")) {
        throw new NotAllowedException(
            at + ".prefix may not lie under " + own + ", which is the gateway's own");
      }
    }
    if (List.of(prefix.split("/", -1)).contains("..")
        || List.of(prefix.split("/", -1)).contains(".")) {
      throw new NotAllowedException(at + ".prefix without . and .. parts");
    }
    return prefix.equals("/") ? "" : prefix;
  }

  private static @Nullable String role(Map<String, Raw> fields, String at) {
    String role = field(fields, at, "role", ROLE, "1 to 256 visible ASCII characters");
    if (role != null && Roles.isFixed(role)) {
      throw new NotAllowedException(
          at
              + ".role is one of your own, not "
              + role
              + ", whose rights are the same for all models");
    }
    return role;
  }

  private static URI url(Map<String, Raw> fields, String at) {
    String allowed = at + ".url is needed: http://HOST:PORT or http://HOST:PORT/PATH";
    Raw raw = fields.get("url");
    if (!(raw instanceof Raw.Text(String _, String text))) {
      throw new NotAllowedException(allowed);
    }
    try {
      URI url = new URI(text);
      if (!"http".equals(url.getScheme())
          || url.getHost() == null
          || url.getPort() == 0
          || url.getPort() > 65535
          || url.getRawQuery() != null
          || url.getRawFragment() != null
          || url.getRawUserInfo() != null) {
        throw new NotAllowedException(allowed + ", not " + Shown.of(text));
      }
      return url;
    } catch (URISyntaxException _) {
      throw new NotAllowedException(allowed + ", not " + Shown.of(text));
    }
  }

  private static Predictor predictor(Map<String, Raw> fields, String at) {
    String word = text(fields, at, "predictor");
    if (word == null) {
      return Predictor.NONE;
    }
    if (!Predictor.words().contains(word)) {
      throw new NotAllowedException(
          at
              + ".predictor is one of "
              + String.join(", ", Predictor.words())
              + ", not "
              + Shown.of(word));
    }
    return Predictor.ofWord(word);
  }

  private static boolean captured(Map<String, Raw> fields, String at) {
    String word = text(fields, at, "capture");
    if (word == null || word.equals("true")) {
      return true;
    }
    if (word.equals("false")) {
      return false;
    }
    throw new NotAllowedException(at + ".capture is true or false, not " + Shown.of(word));
  }

  private static @Nullable Integer bodyBytes(Map<String, Raw> fields, String at) {
    String text = text(fields, at, "body-bytes-max");
    if (text == null) {
      return null;
    }
    Bytes kind = new Bytes(0, CaptureLimits.BYTES_MAX, false);
    try {
      return kind.parse(new Raw.Text(at, text)).intValue();
    } catch (NotAllowedException e) {
      throw new NotAllowedException(
          at + ".body-bytes-max is " + e.getMessage() + ", not " + Shown.of(text));
    }
  }

  private static @Nullable Double sampleRate(Map<String, Raw> fields, String at) {
    String text = text(fields, at, "sample");
    if (text == null) {
      return null;
    }
    try {
      return new Rate().parse(new Raw.Text(at, text));
    } catch (NotAllowedException e) {
      throw new NotAllowedException(
          at + ".sample is " + e.getMessage() + ", not " + Shown.of(text));
    }
  }

  private static @Nullable String field(
      Map<String, Raw> fields, String at, String name, Pattern form, String allowed) {
    String text = text(fields, at, name);
    if (text != null && !form.matcher(text).matches()) {
      throw new NotAllowedException(at + "." + name + " is " + allowed + ", not " + Shown.of(text));
    }
    return text;
  }

  private static @Nullable String text(Map<String, Raw> fields, String at, String name) {
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
