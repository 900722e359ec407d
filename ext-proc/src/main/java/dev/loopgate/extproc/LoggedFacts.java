package dev.loopgate.extproc;

import dev.loopgate.capture.Ending;

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
}
