package dev.loopgate.extproc;

import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Requesting;
import dev.loopgate.capture.Responding;
import org.jspecify.annotations.Nullable;

/// What an access log says of an exchange that is over.
///
/// @param ending [Ending#COMPLETE] where the caller got all of the model's answer
/// @param status of the answer, 0 when none began
/// @param requestBytes of the request's body that Envoy took from the caller
/// @param responseBytes of the answer's body that Envoy gave to the caller
record LoggedFacts(Ending ending, int status, long requestBytes, long responseBytes) {
  boolean isWhole() {
    return ending == Ending.COMPLETE;
  }

  /// Has both bodies count what was not shown of them.
  ///
  /// @param requestWhole all of it was shown, whatever a filter above made of its length
  /// @param response one that is packed counts what was shown alone: the caller may have got it
  ///   unpacked, and nothing says so
  void tellSizes(Requesting request, boolean requestWhole, @Nullable Responding response) {
    if (!requestWhole) {
      request.body().passed(requestBytes);
    }
    if (response != null && response.contentEncoding().isEmpty()) {
      response.body().passed(responseBytes);
    }
  }
}
