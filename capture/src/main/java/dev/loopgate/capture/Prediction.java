package dev.loopgate.capture;

/// One exchange with a model, from its request's head to its single ending.
///
/// The bodies lend the bytes of the exchange's capture buffers: they hold until whoever ended the
/// exchange releases them, so an entry is encoded or copied before that.
///
/// @param requestIdReplaced the caller's id broke the rule and was replaced
/// @param externalRequestId the caller's `x-request-id`, empty when absent
/// @param traceId of the W3C trace that the model was asked in, 32 hex digits; empty when there is
///   none
public record Prediction(
    RequestId requestId,
    boolean requestIdReplaced,
    String externalRequestId,
    String traceId,
    Target target,
    RequestHead request,
    Body requestBody,
    ResponseHead response,
    Body responseBody,
    Ending ending,
    Timing timing,
    GrpcStatus grpc)
    implements Entry {

  @Override
  public ModelIdentity model() {
    return target.model();
  }

  @Override
  public long timeMillis() {
    return timing.endMillis();
  }

  /// The same facts without the bytes of its bodies, for a ring that has no room for them.
  public Prediction withoutBodies() {
    return new Prediction(
        requestId,
        requestIdReplaced,
        externalRequestId,
        traceId,
        target,
        request,
        requestBody.withoutBytes(),
        response,
        responseBody.withoutBytes(),
        ending,
        timing,
        grpc);
  }
}
