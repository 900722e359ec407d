package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.capture.RequestIds;
import dev.loopgate.capture.TraceParent;
import java.util.List;

/// The trace that a request is in (W3C Trace Context): passed on untouched when it is valid.
final class Traces {
  static final String PARENT = "traceparent";
  private static final String STATE = "tracestate";

  private Traces() {}

  /// Begins a trace where there is none, or none that is valid; what was said of its state goes
  /// with it (section 4.3: it can't be of this trace).
  static void ensure(List<Header> passed, RequestIds ids) {
    if (idIn(passed).isEmpty()) {
      passed.removeIf(header -> header.name().equals(PARENT) || header.name().equals(STATE));
      passed.add(new Header(PARENT, ids.nextTraceParent()));
    }
  }

  /// The id of the trace; empty when there is none, or several, or one that is not valid.
  static String idIn(List<Header> headers) {
    String found = "";
    for (int i = 0; i < headers.size(); i++) {
      Header header = headers.get(i);
      if (header.name().equals(PARENT)) {
        if (!found.isEmpty()) {
          return "";
        }
        found = header.value().isEmpty() ? "-" : header.value();
      }
    }
    return found.isEmpty() ? "" : TraceParent.traceIdOf(found);
  }
}
