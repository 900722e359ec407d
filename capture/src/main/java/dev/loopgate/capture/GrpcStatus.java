package dev.loopgate.capture;

/// How a gRPC call ended, by the word of who answered it.
///
/// @param code of gRPC's status codes, 0 for OK; -1 when there is none
/// @param message beside it, percent-decoded; empty when there is none
public record GrpcStatus(int code, String message) {
  /// No gRPC, or no status came.
  public static final GrpcStatus NONE = new GrpcStatus(-1, "");

  /// Whether there is one.
  public boolean isPresent() {
    return code >= 0;
  }
}
