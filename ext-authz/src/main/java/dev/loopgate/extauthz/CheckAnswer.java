package dev.loopgate.extauthz;

import com.google.protobuf.BoolValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.rpc.Code;
import com.google.rpc.Status;
import dev.loopgate.capture.RequestId;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.policy.Refusal;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.envoyproxy.envoy.service.auth.v3.DeniedHttpResponse;
import io.envoyproxy.envoy.service.auth.v3.OkHttpResponse;
import io.envoyproxy.envoy.type.v3.HttpStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What Envoy is answered about one request, and what it is to remember of it. Any thread.
///
/// @param match the route it takes to a model, null when it takes none
record CheckAnswer(AskedRequest request, Identity identity, Fleet.@Nullable Match match) {
  /*
   * Envoy reads `status.code` alone to decide: OK beside a denied_response lets a request through, so
   * the two are set together here and nowhere else.
   *
   * A header stands in `value`: a `raw_value` would set an empty one. `append: false` is said although
   * it is deprecated: it is what all versions read. Without it, headers of the answer are appended to
   * the model's own. The action says the same for a version that reads nothing else any more.
   */

  static final String AUTHORIZATION = "authorization";
  static final String MODEL_NAME = "model-name";
  static final String MODEL_VERSION = "model-version";

  /// The answer that says what becomes of the request.
  CheckResponse with(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Pass(boolean takesToken) -> allowed(passed(takesToken));
      // As it came: the door reads the caller's Request-Id as that of the prediction that feedback
      // is for, and asks for the token again.
      case Outcome.PassToDoor() -> allowed(OkHttpResponse.newBuilder());
      case Outcome.Deny(Refusal refusal, _) -> denied(refusal);
    };
  }

  private CheckResponse allowed(OkHttpResponse.Builder ok) {
    return CheckResponse.newBuilder()
        .setStatus(status(Code.OK))
        .setOkResponse(ok)
        .setDynamicMetadata(facts())
        .build();
  }

  private OkHttpResponse.Builder passed(boolean takesToken) {
    OkHttpResponse.Builder ok = OkHttpResponse.newBuilder();
    if (!identity.asSent()) {
      ok.addHeaders(header(Identity.HEADER, identity.id().value()));
    }
    if (takesToken) {
      ok.addHeadersToRemove(AUTHORIZATION);
    }
    Deployment deployment = deployment();
    if (match != null && deployment != null && deployment.isIdentified()) {
      // What is not known here for sure, the model may say itself: its own header stays then.
      Deployment.Labels labels = deployment.labelsAt(match.path());
      ok.addResponseHeadersToAdd(header(MODEL_NAME, harmless(labels.name())));
      ok.addResponseHeadersToAdd(header(MODEL_VERSION, harmless(labels.version())));
    }
    return ok;
  }

  // A caller of gRPC gets trailers alone from Envoy, with our status and, as its message, the body.
  private CheckResponse denied(Refusal refusal) {
    DeniedHttpResponse.Builder denied =
        DeniedHttpResponse.newBuilder()
            .setStatus(HttpStatus.newBuilder().setCodeValue(refusal.status()));
    if (request.isCall()) {
      denied.addHeaders(header("grpc-status", Integer.toString(codeOf(refusal).getNumber())));
      denied.setBody(refusal.message());
    } else {
      refusal.headers().forEach(field -> denied.addHeaders(header(field.name(), field.value())));
      denied.setBody(refusal.body());
    }
    denied.addHeaders(header(Identity.HEADER, identity.id().value()));
    Deployment deployment = deployment();
    if (match != null && deployment != null) {
      Deployment.Labels labels = deployment.labelsAt(match.path());
      denied.addHeaders(header(MODEL_NAME, harmless(labels.name())));
      denied.addHeaders(header(MODEL_VERSION, harmless(labels.version())));
    }
    return CheckResponse.newBuilder()
        .setStatus(status(codeOf(refusal)))
        .setDeniedResponse(denied)
        .setDynamicMetadata(facts())
        .build();
  }

  private Struct facts() {
    Struct.Builder facts =
        Struct.newBuilder()
            .putFields("request_id", text(identity.id().value()))
            .putFields(
                "request_id_replaced",
                Value.newBuilder().setBoolValue(identity.replaced()).build());
    if (match != null) {
      facts.putFields("route", text(match.route()));
      Deployment deployment = deployment();
      if (deployment != null) {
        Deployment.Labels labels = deployment.labelsAt(match.path());
        facts.putFields("deployment", text(deployment.model().id()));
        facts.putFields("model_name", text(labels.name()));
        facts.putFields("model_version", text(labels.version()));
      }
    }
    return facts.build();
  }

  /// Who will answer; null where it is one of several, and not for us to say which.
  private @Nullable Deployment deployment() {
    if (match == null) {
      return null;
    }
    List<Deployment> targets = match.through().targets();
    return targets.size() == 1 ? targets.getFirst() : null;
  }

  // As `proxy` maps them for callers of gRPC.
  private static Code codeOf(Refusal refusal) {
    return switch (refusal.status()) {
      case 401 -> Code.UNAUTHENTICATED;
      case 403 -> Code.PERMISSION_DENIED;
      case 404 -> Code.UNIMPLEMENTED;
      case 431 -> Code.RESOURCE_EXHAUSTED;
      case 503 -> Code.UNAVAILABLE;
      default -> Code.INTERNAL;
    };
  }

  private static Status status(Code code) {
    return Status.newBuilder().setCode(code.getNumber()).build();
  }

  @SuppressWarnings("deprecation") // `append`: see above
  private static HeaderValueOption header(String name, String value) {
    return HeaderValueOption.newBuilder()
        .setHeader(HeaderValue.newBuilder().setKey(name).setValue(value))
        .setAppend(BoolValue.of(false))
        .setAppendAction(HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD)
        .build();
  }

  private static Value text(String text) {
    return Value.newBuilder().setStringValue(text).build();
  }

  // What a model says of itself may be any text; a header that is none is a 500 of Envoy's.
  private static String harmless(String text) {
    if (RequestId.isValid(text)) {
      return text;
    }
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < Math.min(text.length(), RequestId.LENGTH_MAX); i++) {
      char c = text.charAt(i);
      plain.append(c < 0x20 || c > 0x7e ? '?' : c);
    }
    return plain.toString();
  }
}
