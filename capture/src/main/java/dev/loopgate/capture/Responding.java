package dev.loopgate.capture;

/// An exchange whose response has begun. Confined to the exchange's event loop.
///
/// @param contentEncoding of the response, lower case, empty when none
/// @param firstByteNanos from the request's head to the response's head
public record Responding(
    Requesting request,
    ResponseHead response,
    BodyCapture body,
    String contentEncoding,
    long firstByteNanos) {

  /// Ends the exchange. The bodies of the result are lent until [#release].
  ///
  /// @param requestWhole the request's last byte has arrived
  /// @param gapMaxNanos as [Timing] says it
  /// @param responseWhole the response's last byte is released by this ending
  public Prediction end(
      Ending ending,
      Target target,
      boolean requestWhole,
      boolean responseWhole,
      long gapMaxNanos,
      GrpcStatus grpc,
      long nowMillis,
      long nowNanos) {
    return new Prediction(
        request.requestId(),
        request.requestIdReplaced(),
        request.externalRequestId(),
        request.traceId(),
        target,
        request.head(),
        request.body().view(requestWhole, request.contentEncoding()),
        response,
        body.view(responseWhole, contentEncoding),
        ending,
        new Timing(
            request.startMillis(),
            nowMillis,
            nowNanos - request.startNanos(),
            firstByteNanos,
            gapMaxNanos),
        grpc);
  }

  /// Gives the capture buffers of both directions back. Harmless when repeated.
  public void release() {
    request.release();
    body.release();
  }
}
