package dev.loopgate.capture;

/// An exchange whose request has begun and whose response has not. Follows it to its single ending.
/// Confined to the exchange's event loop.
///
/// @param requestIdReplaced the caller's id broke the rule and was replaced
/// @param externalRequestId the caller's `x-request-id`, empty when absent
/// @param traceId of the W3C trace that the model was asked in, 32 hex digits; empty when there is
///   none
/// @param startMillis the request's head, milliseconds since the epoch
/// @param startNanos the request's head by the monotonic clock
/// @param contentEncoding of the request, lower case, empty when none
public record Requesting(
    RequestId requestId,
    boolean requestIdReplaced,
    String externalRequestId,
    String traceId,
    RequestHead head,
    long startMillis,
    long startNanos,
    BodyCapture body,
    String contentEncoding) {

  /// The same, for a server that is not the one its head was made for.
  ///
  /// @param authority the `Host`, as sent to it
  public Requesting sentTo(String authority) {
    return new Requesting(
        requestId,
        requestIdReplaced,
        externalRequestId,
        traceId,
        head.sentTo(authority),
        startMillis,
        startNanos,
        body,
        contentEncoding);
  }

  /// The response's head is about to be sent to the caller.
  ///
  /// @param contentEncoding of the response, lower case, empty when none
  public Responding responseStarted(
      ResponseHead response, BodyCapture responseBody, String contentEncoding, long nowNanos) {
    return new Responding(this, response, responseBody, contentEncoding, nowNanos - startNanos);
  }

  /// Ends without a response. The bodies of the result are lent until [#release].
  ///
  /// @param requestWhole the request's last byte has arrived
  public Prediction end(
      Ending ending, Target target, boolean requestWhole, long nowMillis, long nowNanos) {
    return new Prediction(
        requestId,
        requestIdReplaced,
        externalRequestId,
        traceId,
        target,
        head,
        body.view(requestWhole, contentEncoding),
        ResponseHead.NONE,
        Body.EMPTY,
        ending,
        new Timing(startMillis, nowMillis, nowNanos - startNanos, Timing.NONE, Timing.NONE),
        GrpcStatus.NONE);
  }

  /// Gives the capture buffers back. Harmless when repeated.
  public void release() {
    body.release();
  }
}
