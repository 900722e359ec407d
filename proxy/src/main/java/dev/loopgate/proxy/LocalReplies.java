package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Every failure's reply, in one place. Nothing that a caller or model sent becomes part of one.
final class LocalReplies {
  private LocalReplies() {}

  /// No model has this route (contract section 8: an empty body).
  static LocalReply unknownModel() {
    return new LocalReply(404, List.of(), ByteBuffer.allocate(0));
  }

  /// Nothing of the API is served here but feedback.
  static LocalReply unknownApi() {
    return LocalReply.json(404, "{\"message\":\"not found\"}");
  }

  static LocalReply incorrectUrl() {
    return LocalReply.json(404, "{\"error\":\"Incorrect URL\"}");
  }

  /// @param reason ours, of plain words
  static LocalReply refused(int status, String reason) {
    return error(status, "Request refused: " + reason);
  }

  static LocalReply climbsOut() {
    return error(400, "Request refused: the path climbs out of the model's prefix");
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
    LocalReply reply = error(503, text);
    List<Header> headers = new ArrayList<>(reply.headers());
    headers.add(new Header("retry-after", "1"));
    return new LocalReply(503, headers, reply.body());
  }

  private static LocalReply error(int status, String text) {
    return LocalReply.json(status, "{\"error\":\"" + text + "\"}");
  }
}
