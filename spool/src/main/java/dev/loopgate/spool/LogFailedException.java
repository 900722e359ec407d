package dev.loopgate.spool;

import java.io.IOException;

/// Two writes or forces failed in a row, on two segments. The group was not stored, or not
/// provably; it may be appended again, as it is, after [Log#probe] succeeded.
final class LogFailedException extends IOException {
  private static final long serialVersionUID = 1;

  LogFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
