package dev.loopgate.testkit;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A request at a door that asks for tokens, and what becomes of it: whoever judges requests judges
/// these so. The door has the model `wine` at `/model/wine`, feedback at `/feedback` and a greeting
/// at `/`.
///
/// @param decided what the policy says, if it is asked
/// @param asked the path that the policy is asked about, null when it must not be asked
public record JudgedRequest(
    String method, String target, Decided decided, @Nullable String asked, Told told) {
  /// What a policy says.
  public enum Decided {
    /// Yes.
    ALLOWED,
    /// There is no token.
    NO_TOKEN,
    /// There is one, but it is not good.
    BAD_TOKEN,
    /// It is good, but not for this.
    FORBIDDEN,
    /// It can't be judged now.
    UNAVAILABLE
  }

  private static final String JSON = "content-type: application/json; charset=utf-8";
  private static final String LATER = "The token can not be verified at the moment";
  private static final String REFUSED = "Request refused: ";
  private static final String CLIMBS = REFUSED + "the path climbs out of the model's prefix";
  private static final String TARGET = REFUSED + "the request target is malformed";
  private static final String METHOD = REFUSED + "the method is malformed";
  private static final String UNSERVED = REFUSED + "CONNECT and TRACE are not served";

  /// What its caller is told.
  public enum Told {
    /// Nothing: it passes.
    PASSES(0, "", "", false, 0, ""),
    /// Of the model.
    NO_TOKEN(401, "www-authenticate: Bearer", "", true, 16, "Unauthorized"),
    /// Of the model.
    BAD_TOKEN(
        401, "www-authenticate: Bearer error=\"invalid_token\"", "", true, 16, "Unauthorized"),
    /// Of the model.
    FORBIDDEN(403, "", "", true, 7, "Forbidden"),
    /// Of the model.
    UNAVAILABLE(503, JSON + "\nretry-after: 1", error(LATER), true, 14, LATER),
    /// Of the model.
    CLIMBS_OUT(400, JSON, error(CLIMBS), true, 13, CLIMBS),
    /// Of the door.
    DOOR_NO_TOKEN(
        401,
        JSON + "\nwww-authenticate: Bearer",
        "{\"message\":\"Unauthorized\"}",
        false,
        16,
        "Unauthorized"),
    /// Of the door.
    DOOR_FORBIDDEN(403, JSON, "{\"message\":\"Forbidden\"}", false, 7, "Forbidden"),
    /// Of the door.
    DOOR_UNAVAILABLE(503, JSON + "\nretry-after: 1", error(LATER), false, 14, LATER),
    /// There is no such model.
    UNKNOWN_MODEL(404, "", "", false, 12, "Not Found"),
    /// There is no such path.
    UNKNOWN_PATH(404, JSON, error("Incorrect URL"), false, 12, "Incorrect URL"),
    /// There is no such path of the API.
    UNKNOWN_API(404, JSON, "{\"message\":\"not found\"}", false, 12, "not found"),
    /// It is no request.
    BAD_TARGET(400, JSON, error(TARGET), false, 13, TARGET),
    /// It is no request.
    BAD_METHOD(400, JSON, error(METHOD), false, 13, METHOD),
    /// It is a request that nobody serves.
    UNSERVED_METHOD(400, JSON, error(UNSERVED), false, 13, UNSERVED);

    private final int status;
    private final String headers; // lines
    private final String body;
    private final boolean named;
    private final int grpcStatus;
    private final String grpcMessage;

    Told(
        int status,
        String headers,
        String body,
        boolean named,
        int grpcStatus,
        String grpcMessage) {
      this.status = status;
      this.headers = headers;
      this.body = body;
      this.named = named;
      this.grpcStatus = grpcStatus;
      this.grpcMessage = grpcMessage;
    }

    private static String error(String text) {
      return "{\"error\":\"" + text + "\"}";
    }

    /// Of HTTP; 0 when it passes.
    public int status() {
      return status;
    }

    /// Lines of `name: value`, those of framing, connection and Request-Id apart.
    public List<String> headers() {
      return headers.isEmpty() ? List.of() : List.of(headers.split("\n"));
    }

    /// All of it.
    public String body() {
      return body;
    }

    /// Whether the headers that name the model come behind these.
    public boolean isNamed() {
      return named;
    }

    /// Whether it is refused before it is a request.
    public boolean isMalformed() {
      return this == BAD_TARGET || this == BAD_METHOD || this == UNSERVED_METHOD;
    }

    /// The same for a caller of gRPC.
    public int grpcStatus() {
      return grpcStatus;
    }

    /// The same for a caller of gRPC.
    public String grpcMessage() {
      return grpcMessage;
    }
  }

  /// Each decision, each kind of path, and what people try with paths.
  public static List<JudgedRequest> all() {
    List<JudgedRequest> all = new ArrayList<>();
    addDecisions(all);
    addTricks(all);
    addStrangers(all);
    return all;
  }

  private static void addDecisions(List<JudgedRequest> all) {
    String predict = "/model/wine/predict?x=1";
    all.add(new JudgedRequest("POST", predict, Decided.ALLOWED, "/predict", Told.PASSES));
    all.add(new JudgedRequest("POST", predict, Decided.NO_TOKEN, "/predict", Told.NO_TOKEN));
    all.add(new JudgedRequest("POST", predict, Decided.BAD_TOKEN, "/predict", Told.BAD_TOKEN));
    all.add(new JudgedRequest("POST", predict, Decided.FORBIDDEN, "/predict", Told.FORBIDDEN));
    all.add(new JudgedRequest("POST", predict, Decided.UNAVAILABLE, "/predict", Told.UNAVAILABLE));
    all.add(new JudgedRequest("GET", "/model/wine", Decided.NO_TOKEN, "/", Told.NO_TOKEN));
    all.add(new JudgedRequest("POST", "/feedback", Decided.ALLOWED, "/feedback", Told.PASSES));
    all.add(
        new JudgedRequest("POST", "/feedback", Decided.NO_TOKEN, "/feedback", Told.DOOR_NO_TOKEN));
    all.add(
        new JudgedRequest(
            "POST", "/feedback?x", Decided.FORBIDDEN, "/feedback", Told.DOOR_FORBIDDEN));
    all.add(
        new JudgedRequest(
            "POST", "/feedback", Decided.UNAVAILABLE, "/feedback", Told.DOOR_UNAVAILABLE));
    all.add(new JudgedRequest("GET", "/", Decided.NO_TOKEN, null, Told.PASSES));
  }

  private static void addTricks(List<JudgedRequest> all) {
    for (String open : List.of("/healthz", "/healthz?x=/../..", "/%68ealthz", "/v2/health/ready")) {
      all.add(new JudgedRequest("GET", "/model/wine" + open, Decided.NO_TOKEN, null, Told.PASSES));
    }
    for (String evading :
        List.of(
            "/healthz/%2e%2e/predict",
            "//healthz",
            "/healthz/",
            "/healthz;x",
            "/healthz%2f..%2fpredict",
            "/./healthz",
            "/x/../healthz",
            "/HEALTHZ",
            "/%2568ealthz",
            "/v2/health/live/../../models/m/infer",
            "/..x/%zz",
            "/a/../b/%2e%2E/..x/%zz")) {
      all.add(
          new JudgedRequest(
              "GET", "/model/wine" + evading, Decided.NO_TOKEN, evading, Told.NO_TOKEN));
    }
    for (String climbing :
        List.of(
            "/..",
            "/../admin",
            "/../wine/healthz",
            "/x/../../admin",
            "/./../admin",
            "//../admin",
            "/%2e%2e/admin",
            "/%2E./admin",
            "/..%2fadmin",
            "/..%5cadmin",
            "/..\\admin",
            "/..;x=y/admin",
            "/healthz/../../admin",
            "/../../../../etc/passwd?x")) {
      all.add(
          new JudgedRequest(
              "GET", "/model/wine" + climbing, Decided.ALLOWED, null, Told.CLIMBS_OUT));
    }
  }

  private static void addStrangers(List<JudgedRequest> all) {
    for (String unknown :
        List.of(
            "/model/",
            "/model/none/x",
            "/model/winery/predict",
            "/model/WINE/predict",
            "/model/wine%2fpredict",
            "/model/wine;x/predict",
            "/model/%77ine/predict",
            "/model//wine/predict",
            "/model/./wine/predict",
            "/model/none/../wine/predict")) {
      all.add(new JudgedRequest("GET", unknown, Decided.ALLOWED, null, Told.UNKNOWN_MODEL));
    }
    for (String unknown :
        List.of(
            "/model",
            "//model/wine/predict",
            "/./model/wine/predict",
            "/x/../model/wine/predict",
            "/%6dodel/wine/predict",
            "/MODEL/wine/predict",
            "/nothing",
            "//feedback",
            "/feedback%2f")) {
      all.add(new JudgedRequest("GET", unknown, Decided.ALLOWED, null, Told.UNKNOWN_PATH));
    }
    all.add(new JudgedRequest("GET", "/api/v1/x", Decided.ALLOWED, null, Told.UNKNOWN_API));
    all.add(new JudgedRequest("OPTIONS", "*", Decided.ALLOWED, null, Told.UNKNOWN_PATH));
    for (String bad : List.of("*", "model/wine/", "/#x", "/caf\u00e9", "https://d/")) {
      all.add(new JudgedRequest("GET", bad, Decided.ALLOWED, null, Told.BAD_TARGET));
    }
    String predict = "/model/wine/predict";
    all.add(new JudgedRequest("GE(T", predict, Decided.ALLOWED, null, Told.BAD_METHOD));
    all.add(new JudgedRequest("G".repeat(33), predict, Decided.ALLOWED, null, Told.BAD_METHOD));
    all.add(new JudgedRequest("TRACE", predict, Decided.ALLOWED, null, Told.UNSERVED_METHOD));
    all.add(new JudgedRequest("CONNECT", predict, Decided.ALLOWED, null, Told.UNSERVED_METHOD));
  }
}
