package dev.loopgate.extauthz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.google.protobuf.ByteString;
import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.ServerTrust;
import dev.loopgate.fleet.Upstream;
import dev.loopgate.policy.Policy;
import dev.loopgate.policy.Question;
import dev.loopgate.testkit.ManualTime;
import io.envoyproxy.envoy.config.core.v3.HeaderMap;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Envoy's side: asks an [Authorizer] as Envoy does, and reads what it is told.
final class Asking {
  /// What the room told the outside, as words.
  static final class Told implements AuthorizerEvents {
    private final List<String> words = new ArrayList<>();

    synchronized List<String> words() {
      return List.copyOf(words);
    }

    private synchronized void tell(String word) {
      words.add(word);
    }

    @Override
    public void allowed() {
      tell("allowed");
    }

    @Override
    public void denied(DenialReason reason) {
      tell("denied " + reason.word());
    }

    @Override
    public void abandoned() {
      tell("abandoned");
    }

    @Override
    public void failed(Throwable cause) {
      tell("failed " + cause.getMessage());
    }
  }

  /// A door that has feedback, and a greeting for everybody.
  static final OwnPaths DOOR =
      (method, path) -> {
        if (method.equals("POST") && path.equals("/feedback")) {
          return new OwnPaths.Access.Ours(new Question.ToFeedback());
        }
        return method.equals("GET") && path.equals("/")
            ? OwnPaths.Access.OPEN
            : OwnPaths.Access.NOT_OURS;
      };

  final Told told = new Told();
  final ManualTime time = ManualTime.at("2026-11-24T10:00:00Z");
  private final Authorizer authorizer;

  Asking(Fleet fleet, @Nullable Policy policy) {
    this(fleet, policy, DOOR);
  }

  Asking(Fleet fleet, @Nullable Policy policy, OwnPaths own) {
    this.authorizer = new Authorizer(fleet, policy, own, time, told);
  }

  /// All that was answered so far to this question; more may come.
  List<CheckResponse> ask(CheckRequest question) {
    List<CheckResponse> answers = new ArrayList<>();
    authorizer.judge(question, answers::add);
    return answers;
  }

  /// The answer, which must come at once.
  CheckResponse answer(CheckRequest question) {
    List<CheckResponse> answers = ask(question);
    if (answers.size() != 1) {
      throw new AssertionError("answers=" + answers.size());
    }
    return answers.getFirst();
  }

  static Model model(String id, String prefix) {
    return model(id, prefix, Predictor.NONE, null);
  }

  static Model model(String id, String prefix, Predictor predictor, @Nullable String role) {
    return model(id, prefix, predictor, role, new Upstream(List.of(replica())));
  }

  static Model grpc(String id) {
    Upstream upstream = new Upstream(List.of(replica()), Protocol.H2C, true, ServerTrust.DEFAULT);
    return model(id, "/model/" + id, Predictor.NONE, null, upstream);
  }

  private static Replica replica() {
    return new Replica(URI.create("http://10.0.0.1:5000"));
  }

  private static Model model(
      String id, String prefix, Predictor predictor, @Nullable String role, Upstream upstream) {
    Kept kept = new Kept(true, 1 << 20, 1.0);
    return new Model(id, upstream, predictor, prefix, null, null, kept, Bounds.NONE, role);
  }

  /// A question about a request with these headers, as `encode_raw_headers: true` sends it.
  ///
  /// @param headers `name: value`
  static CheckRequest request(String method, String target, String... headers) {
    return over("HTTP/1.1", method, target, headers);
  }

  /// A question about a call of gRPC.
  static CheckRequest call(String path, String... headers) {
    List<String> all = new ArrayList<>(List.of(headers));
    all.add("content-type: application/grpc");
    return over("HTTP/2", "POST", path, all.toArray(new String[0]));
  }

  static CheckRequest over(String protocol, String method, String target, String... headers) {
    HeaderMap.Builder map = HeaderMap.newBuilder();
    map.addHeaders(raw(":method", method)).addHeaders(raw(":path", target));
    for (String header : headers) {
      int colon = header.indexOf(':');
      map.addHeaders(raw(header.substring(0, colon), header.substring(colon + 1).stripLeading()));
    }
    return question(
        AttributeContext.HttpRequest.newBuilder()
            .setId("7")
            .setMethod(method)
            .setPath(target)
            .setHost("d")
            .setScheme("http")
            .setProtocol(protocol)
            .setHeaderMap(map)
            .build());
  }

  static CheckRequest question(AttributeContext.HttpRequest http) {
    return CheckRequest.newBuilder()
        .setAttributes(
            AttributeContext.newBuilder()
                .setRequest(AttributeContext.Request.newBuilder().setHttp(http)))
        .build();
  }

  private static HeaderValue raw(String name, String value) {
    return HeaderValue.newBuilder()
        .setKey(name)
        .setRawValue(ByteString.copyFrom(value, ISO_8859_1))
        .build();
  }

  /// Whether the request would pass at Envoy, which looks at the code alone; both must say the
  /// same.
  static boolean passes(CheckResponse response) {
    boolean ok = response.getStatus().getCode() == 0;
    if (ok != response.hasOkResponse() || ok == response.hasDeniedResponse()) {
      throw new AssertionError("two minds: " + response);
    }
    return ok;
  }

  /// As lines, each of them one that Envoy sets over what is there.
  @SuppressWarnings("deprecation") // what Envoy reads
  static List<String> lines(List<HeaderValueOption> headers) {
    List<String> lines = new ArrayList<>();
    for (HeaderValueOption option : headers) {
      HeaderValue header = option.getHeader();
      if (!header.getRawValue().isEmpty() || !option.hasAppend() || option.getAppend().getValue()) {
        throw new AssertionError("Envoy would not set it: " + option);
      }
      lines.add(header.getKey() + ": " + header.getValue());
    }
    return lines;
  }

  static List<String> written(CheckResponse response) {
    return lines(response.getOkResponse().getHeadersList());
  }

  static List<String> deniedWith(CheckResponse response) {
    return lines(response.getDeniedResponse().getHeadersList());
  }

  static int status(CheckResponse response) {
    return response.getDeniedResponse().getStatus().getCodeValue();
  }

  /// A fact of the dynamic metadata; null when it is not told.
  static @Nullable String fact(CheckResponse response, String name) {
    if (!response.getDynamicMetadata().containsFields(name)) {
      return null;
    }
    return response.getDynamicMetadata().getFieldsOrThrow(name).getStringValue();
  }

  static boolean isReplaced(CheckResponse response) {
    return response.getDynamicMetadata().getFieldsOrThrow("request_id_replaced").getBoolValue();
  }
}
