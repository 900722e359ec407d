package dev.loopgate.app;

import dev.loopgate.capture.CaptureLimits;
import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.KeepRules;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.ServerTrust;
import dev.loopgate.fleet.Upstream;
import dev.loopgate.policy.Roles;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
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
  private static final int MODELS_MAX = 1_024; // slots of the ledger
  private static final Set<String> FIELDS =
      new LinkedHashSet<>(
          List.of(
              "id",
              "url",
              "urls",
              "protocol",
              "grpc",
              "tls-ca",
              "tls-server-name",
              "tls-certificate",
              "tls-key",
              "predictor",
              "prefix",
              "name",
              "version",
              "role",
              "capture",
              "body-bytes-max",
              "sample",
              "connect-timeout",
              "first-byte-timeout",
              "idle-timeout",
              "total-timeout",
              "connections-max",
              "requests-max",
              "waiting-max",
              "keep",
              "redact-body"));
  private static final Pattern PREFIX = Pattern.compile("/|(/[A-Za-z0-9._~-]+)+");
  private static final Pattern ROLE = Pattern.compile("[!-~]{1,256}");
  private static final Pattern HOST_NAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9.-]{0,252})");
  private static final Pattern HEADER_VALUE = Pattern.compile("[!-~]([ -~]{0,254}[!-~])?");
  // Paths of the door itself: a model there could never be reached, or would hide feedback.
  private static final List<String> OWN =
      List.of("/feedback", "/api/v1/feedback", "/healthz", "/readyz", "/metrics");

  // A prefix that takes feedback of the first generation's URL, /api/model/ID/VERSION/feedback.
  private static final Pattern OWN_BY_PATH =
      Pattern.compile("/api/model(/[^/]+){0,2}|/api/model/[^/]+/[^/]+/feedback(/.*)?");

  @Override
  public List<ConfiguredModel> parse(Raw raw) {
    List<ConfiguredModel> models = new ArrayList<>();
    for (Raw item : Listing.items(raw, MODELS_MAX, allowed())) {
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
    String at = "models[" + index + "]";
    Map<String, Raw> fields = Listing.fields(raw, at, FIELDS, allowed());
    String id = field(fields, at, "id", Model.ID, "letters, digits and dashes like churn-2");
    if (id == null) {
      throw new NotAllowedException(at + ".id is needed: letters, digits and dashes like churn-2");
    }
    String prefix = field(fields, at, "prefix", PREFIX, "/ or a path like /model/churn");
    Model model =
        new Model(
            id,
            upstream(fields, at),
            predictor(fields, at),
            prefixOf(prefix == null ? "/model/" + id : prefix, at),
            field(fields, at, "name", HEADER_VALUE, "1 to 256 printable ASCII characters"),
            field(fields, at, "version", HEADER_VALUE, "1 to 256 printable ASCII characters"),
            new Kept(flag(fields, at, "capture", true), Kept.BODY_BYTES_MAX, 1.0),
            bounds(fields, at),
            role(fields, at));
    return new ConfiguredModel(
        model,
        bodyBytes(fields, at),
        sampleRate(fields, at),
        keepRules(fields, at),
        secret(fields, at));
  }

  /// Refuses a prefix under which the gateway itself answers, or that lies above such a path: the
  /// model would get what is the gateway's. `/` is none of these: a model there gets what is left.
  static void refuseOwn(String prefix, String at) {
    for (String own : OWN) {
      if (prefix.equals(own) || prefix.startsWith(own + "/")) {
        throw new NotAllowedException(
            at + ".prefix may not lie under " + own + ", which is the gateway's own");
      }
      if (own.startsWith(prefix + "/") && !prefix.isEmpty()) {
        throw new NotAllowedException(
            at + ".prefix may not lie above " + own + ", which is the gateway's own");
      }
    }
    if (OWN_BY_PATH.matcher(prefix).matches()) {
      throw new NotAllowedException(
          at + ".prefix may not hold /api/model/ID/VERSION/feedback, which is the gateway's own");
    }
  }

  private static String prefixOf(String prefix, String at) {
    refuseOwn(prefix, at);
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

  private static Upstream upstream(Map<String, Raw> fields, String at) {
    Raw several = fields.get("urls");
    if (several == null) {
      return upstream(fields, at, List.of(replica(fields.get("url"), at + ".url")));
    }
    if (fields.containsKey("url")) {
      throw new NotAllowedException(at + " has either url or urls, not both");
    }
    if (!(several instanceof Raw.Items(String _, List<Raw> items)) || items.isEmpty()) {
      throw new NotAllowedException(
          at
              + ".urls is a list of 1 to "
              + Upstream.REPLICAS_MAX
              + " servers like http://HOST:PORT");
    }
    List<Replica> replicas = new ArrayList<>();
    for (Raw item : items) {
      replicas.add(replica(item, at + ".urls[" + replicas.size() + "]"));
    }
    try {
      Upstream alike = new Upstream(replicas);
      return upstream(fields, at, alike.replicas());
    } catch (IllegalArgumentException e) {
      throw new NotAllowedException(
          at + ".urls are each once and of one scheme and path; " + e.getMessage());
    }
  }

  private static Upstream upstream(Map<String, Raw> fields, String at, List<Replica> replicas) {
    String word = Listing.text(fields, at, "protocol");
    if (word != null && !Protocol.words().contains(word)) {
      throw new NotAllowedException(
          at
              + ".protocol is one of "
              + String.join(", ", Protocol.words())
              + ", not "
              + Shown.of(word));
    }
    ServerTrust trust = trust(fields, at);
    if (!trust.equals(ServerTrust.DEFAULT) && !replicas.getFirst().isSecure()) {
      throw new NotAllowedException(at + ".tls-... are for models at https:// only");
    }
    try {
      return new Upstream(
          replicas,
          word == null ? Protocol.AUTO : Protocol.ofWord(word),
          flag(fields, at, "grpc", false),
          trust);
    } catch (IllegalArgumentException e) {
      throw new NotAllowedException(at + ".protocol does not fit: " + e.getMessage());
    }
  }

  private static ServerTrust trust(Map<String, Raw> fields, String at) {
    String certificate = file(fields, at, "tls-certificate");
    String key = file(fields, at, "tls-key");
    if ((certificate == null) != (key == null)) {
      throw new NotAllowedException(at + " has tls-certificate and tls-key, both or none");
    }
    String allowed = "a host name like model.example.org";
    return new ServerTrust(
        file(fields, at, "tls-ca"),
        field(fields, at, "tls-server-name", HOST_NAME, allowed),
        certificate,
        key);
  }

  private static @Nullable String file(Map<String, Raw> fields, String at, String name) {
    String text = Listing.text(fields, at, name);
    if (text == null) {
      return null;
    }
    try {
      if (!text.isBlank()) {
        return Path.of(text).toString();
      }
    } catch (InvalidPathException _) {
      // Said below, as for every other value.
    }
    throw new NotAllowedException(
        at + "." + name + " is the path of a PEM file, not " + Shown.of(text));
  }

  private static Replica replica(@Nullable Raw raw, String at) {
    String allowed = at + " is needed: http[s]://HOST:PORT or http[s]://HOST:PORT/PATH";
    if (!(raw instanceof Raw.Text(String _, String text))) {
      throw new NotAllowedException(allowed);
    }
    try {
      return new Replica(new URI(text));
    } catch (URISyntaxException | IllegalArgumentException _) {
      throw new NotAllowedException(allowed + ", not " + Shown.of(text));
    }
  }

  private static Bounds bounds(Map<String, Raw> fields, String at) {
    Bounds own =
        new Bounds(
            time(fields, at, SettingsTable.CONNECT_TIMEOUT),
            time(fields, at, SettingsTable.FIRST_BYTE_TIMEOUT),
            time(fields, at, SettingsTable.IDLE_TIMEOUT),
            time(fields, at, SettingsTable.TOTAL_TIMEOUT),
            count(fields, at, "connections-max", 1, 65_535),
            count(fields, at, "requests-max", 1, 1_000_000),
            count(fields, at, "waiting-max", 0, 1_000_000));
    return own.equals(Bounds.NONE) ? Bounds.NONE : own;
  }

  /// The model's own value of a setting that holds for all, under its name without `proxy.`.
  private static @Nullable Duration time(
      Map<String, Raw> fields, String at, Setting<Duration> ofGateway) {
    String name = ofGateway.name().substring("proxy.".length());
    return fields.containsKey(name) ? parsed(fields, at, name, ofGateway.kind()) : null;
  }

  private static int count(Map<String, Raw> fields, String at, String name, int min, int max) {
    return fields.containsKey(name)
        ? parsed(fields, at, name, new Count(min, max, false))
        : Bounds.UNBOUNDED;
  }

  private static <T> T parsed(Map<String, Raw> fields, String at, String name, Kind<T> kind) {
    String text = String.valueOf(Listing.text(fields, at, name));
    try {
      return kind.parse(new Raw.Text(at, text));
    } catch (NotAllowedException e) {
      throw new NotAllowedException(
          at + "." + name + " is " + e.getMessage() + ", not " + Shown.of(text));
    }
  }

  private static Predictor predictor(Map<String, Raw> fields, String at) {
    String word = Listing.text(fields, at, "predictor");
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

  private static boolean flag(Map<String, Raw> fields, String at, String name, boolean byDefault) {
    String word = Listing.text(fields, at, name);
    if (word == null) {
      return byDefault;
    }
    if (!word.equals("true") && !word.equals("false")) {
      throw new NotAllowedException(at + "." + name + " is true or false, not " + Shown.of(word));
    }
    return word.equals("true");
  }

  private static @Nullable Integer bodyBytes(Map<String, Raw> fields, String at) {
    return fields.containsKey("body-bytes-max")
        ? parsed(fields, at, "body-bytes-max", new Bytes(0, CaptureLimits.BYTES_MAX, false))
            .intValue()
        : null;
  }

  private static @Nullable Double sampleRate(Map<String, Raw> fields, String at) {
    return fields.containsKey("sample") ? parsed(fields, at, "sample", new Rate()) : null;
  }

  private static KeepRules keepRules(Map<String, Raw> fields, String at) {
    Raw raw = fields.get("keep");
    return raw == null ? KeepRules.NONE : parsed(new KeepRulesKind(), raw, at + ".keep");
  }

  private static List<RedactedField> secret(Map<String, Raw> fields, String at) {
    Raw raw = fields.get("redact-body");
    return raw == null ? List.of() : parsed(new FieldsKind(false), raw, at + ".redact-body");
  }

  private static <T> T parsed(Kind<T> kind, Raw raw, String at) {
    try {
      return kind.parse(raw);
    } catch (NotAllowedException e) {
      throw new NotAllowedException(at + " is " + e.getMessage() + ", not " + Shown.of(raw));
    }
  }

  private static @Nullable String field(
      Map<String, Raw> fields, String at, String name, Pattern form, String allowed) {
    String text = Listing.text(fields, at, name);
    if (text != null && !form.matcher(text).matches()) {
      throw new NotAllowedException(at + "." + name + " is " + allowed + ", not " + Shown.of(text));
    }
    return text;
  }
}
