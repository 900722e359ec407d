package dev.loopgate.proxy;

/// Why an intercepted connection was reset.
public enum InterceptionFault {
  /// It was not redirected: somebody called the port itself.
  STRAIGHT("straight"),
  /// It was made by this process: the kernel's rules lead back to it.
  LOOP("loop"),
  /// Nobody answers where it was going, and it speaks nothing that an answer could be given in.
  UNREACHABLE("unreachable"),
  /// No byte passed for too long.
  IDLE("idle");

  private final String word;

  InterceptionFault(String word) {
    this.word = word;
  }

  /// As metrics say it.
  public String word() {
    return word;
  }
}
