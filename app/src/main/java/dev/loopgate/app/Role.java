package dev.loopgate.app;

/// What a process is, by its first argument.
enum Role {
  /// The gateway and the sample model, to look at.
  UP("up"),
  /// The gateway in front of models that run already.
  GATEWAY("gateway"),
  /// The gateway beside one model server, where the kernel redirects what was for that one.
  SIDECAR("sidecar");

  private final String word;

  Role(String word) {
    this.word = word;
  }

  /// The first argument.
  String word() {
    return word;
  }
}
