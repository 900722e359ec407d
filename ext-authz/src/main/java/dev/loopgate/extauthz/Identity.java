package dev.loopgate.extauthz;

import dev.loopgate.capture.RequestId;
import dev.loopgate.capture.RequestIds;
import java.util.List;

/// The Request-Id of one request, as contract section 2 decides it. `x-request-id`, which Envoy
/// makes up or joins, is never taken for it.
///
/// @param replaced the caller's own broke the rule
/// @param asSent the request carries exactly this one already
record Identity(RequestId id, boolean replaced, boolean asSent) {
  static final String HEADER = "request-id";

  /// The caller's, the first if there are several; a fresh one where it is absent, empty or not
  /// valid.
  static Identity of(AskedRequest request, RequestIds ids, long epochMillis) {
    List<String> sent = request.values(HEADER);
    String first = sent.isEmpty() ? "" : sent.getFirst();
    if (RequestId.isValid(first)) {
      return new Identity(new RequestId(first), false, sent.size() == 1);
    }
    return new Identity(ids.next(epochMillis), !first.isEmpty(), false);
  }
}
