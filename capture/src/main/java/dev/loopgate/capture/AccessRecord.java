package dev.loopgate.capture;

/// What an Envoy's access log says of one exchange with a model, or of one connection: no bodies,
/// but how it ended and how much there was of it.
///
/// @param requestIdReplaced the caller's id broke the rule and was replaced
/// @param externalRequestId Envoy's `x-request-id`, empty when it had none
/// @param request of a connection: nothing but its `authority`, the address it was made to
/// @param response of a connection: none
/// @param sizes what has passed
/// @param told in Envoy's words
public record AccessRecord(
    RequestId requestId,
    boolean requestIdReplaced,
    String externalRequestId,
    Target target,
    RequestHead request,
    ResponseHead response,
    Sizes sizes,
    Ending ending,
    Timing timing,
    Told told)
    implements Entry {

  /// Bytes of the bodies, or of a connection's both directions, as Envoy counted them.
  public record Sizes(long request, long response) {}

  /// What Envoy says in words of its own.
  ///
  /// @param protocol `HTTP/1.1`, `HTTP/2`, `TCP`; empty when Envoy does not say
  /// @param details its `response_code_details`; of a connection, why it ended
  /// @param flags its response flags by the names of its API, joined by commas; empty when there is
  ///   none
  public record Told(String protocol, String details, String flags) {}

  @Override
  public ModelIdentity model() {
    return target.model();
  }

  @Override
  public long timeMillis() {
    return timing.endMillis();
  }
}
