package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.loopgate.capture.Header;
import dev.loopgate.policy.Decision;
import dev.loopgate.policy.Refusal;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Every failure's reply, in one place; what others tell too in our name is a [Refusal]. Nothing
/// that a caller or model sent becomes part of one.
final class LocalReplies {
  private LocalReplies() {}

  /// No model has this route.
  static LocalReply unknownModel() {
    return of(Refusal.unknownModel());
  }

  /// Nothing of the API is served here but feedback.
  static LocalReply unknownApi() {
    return of(Refusal.unknownApi());
  }

  static LocalReply incorrectUrl() {
    return of(Refusal.incorrectUrl());
  }

  /// @param reason ours, of plain words
  static LocalReply refused(int status, String reason) {
    return of(Refusal.malformed(status, reason));
  }

  static LocalReply climbsOut() {
    return of(Refusal.climbsOut());
  }

  /// What a caller of a model is told; null when it may pass.
  static @Nullable LocalReply refusalOfModel(Decision decision) {
    Refusal refusal = Refusal.ofModel(decision);
    return refusal == null ? null : of(refusal);
  }

  /// What a caller of the API is told; null when it may pass.
  static @Nullable LocalReply refusalOfApi(Decision decision) {
    Refusal refusal = Refusal.ofApi(decision);
    return refusal == null ? null : of(refusal);
  }

  /// The caller's token can't be judged at the moment.
  static LocalReply notDecided() {
    return of(Refusal.notDecided());
  }

  static LocalReply modelUnreachable(String deployment) {
    return error(502, "Model " + deployment + " can not be reached");
  }

  static LocalReply noConnectionFree(String deployment) {
    return later("All connections to models are in use, model " + deployment + " was not asked");
  }

  static LocalReply tooManyRequests(String deployment) {
    return later("Model " + deployment + " has as many requests as it may have");
  }

  static LocalReply tooManyWait(String deployment) {
    return later("As many requests as may wait for a connection to model " + deployment);
  }

  static LocalReply tooManyHeld(String deployment) {
    return later(
        "As many requests wait for a replica of model "
            + deployment
            + " as may: allowed="
            + Hold.REQUESTS_MAX
            + ", and "
            + Holds.REQUESTS_MAX
            + " for all models");
  }

  static LocalReply heldTooLong(String deployment) {
    return error(504, "No replica of model " + deployment + " was ready in time");
  }

  /// @param reason a word of the contract
  static LocalReply modelFailed(String deployment, String reason) {
    return error(503, "Model " + deployment + " failed: " + reason);
  }

  static LocalReply tooManyBodies() {
    return later("Too many requests at once");
  }

  static LocalReply modelReset(String deployment) {
    return error(502, "Model " + deployment + " broke off or did not answer in HTTP");
  }

  static LocalReply timedOut(String deployment) {
    return error(504, "Model " + deployment + " did not answer in time");
  }

  static LocalReply requestStalled() {
    return error(408, "The request did not arrive in time");
  }

  static LocalReply gatewayStopped() {
    return error(503, "The gateway stops");
  }

  static LocalReply noReply() {
    return error(503, "No answer in time");
  }

  static LocalReply serviceFailed() {
    return error(500, "Internal error");
  }

  private static LocalReply later(String text) {
    return withHeaders(error(503, text), List.of(new Header("retry-after", "1")));
  }

  private static LocalReply of(Refusal refusal) {
    List<Header> headers = new ArrayList<>(refusal.headers().size());
    for (Refusal.Field field : refusal.headers()) {
      headers.add(new Header(field.name(), field.value()));
    }
    return new LocalReply(
        refusal.status(), headers, ByteBuffer.wrap(refusal.body().getBytes(UTF_8)));
  }

  private static LocalReply withHeaders(LocalReply reply, List<Header> more) {
    List<Header> headers = new ArrayList<>(reply.headers());
    headers.addAll(more);
    return new LocalReply(reply.status(), headers, reply.body());
  }

  private static LocalReply error(int status, String text) {
    return LocalReply.json(status, "{\"error\":\"" + text + "\"}");
  }
}
