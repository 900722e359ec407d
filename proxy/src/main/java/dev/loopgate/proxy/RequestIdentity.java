package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.capture.RequestId;
import dev.loopgate.capture.RequestIds;
import java.util.List;

/// The Request-Id of one request, as contract section 2 decides it.
///
/// @param replaced the caller's own broke the rule
record RequestIdentity(RequestId id, boolean replaced) {
  static final String HEADER = "request-id";

  /// The caller's, the first if there are several; a fresh one where it is absent, empty or not
  /// valid.
  static RequestIdentity of(List<Header> headers, RequestIds ids, long epochMillis) {
    String sent = RawHead.first(headers, HEADER);
    if (sent == null || sent.isEmpty()) {
      return new RequestIdentity(ids.next(epochMillis), false);
    }
    return RequestId.isValid(sent)
        ? new RequestIdentity(new RequestId(sent), false)
        : new RequestIdentity(ids.next(epochMillis), true);
  }
}
