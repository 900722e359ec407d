package dev.loopgate.policy;

import java.io.IOException;

/// Keys can't be read or used. The message is one line that names the place, and nothing of what
/// was read.
public final class KeysRefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  KeysRefusedException(String message) {
    super(message);
  }

  KeysRefusedException(String message, Throwable cause) {
    super(message, cause);
  }
}
