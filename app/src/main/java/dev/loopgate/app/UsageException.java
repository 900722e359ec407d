package dev.loopgate.app;

/// What was asked for can't be meant: an unknown name, a value of the wrong kind. The message is
/// one line for a person and names what, the value and what is allowed; the process ends with 2.
final class UsageException extends Exception {
  private static final long serialVersionUID = 1;

  UsageException(String line) {
    super(line);
  }
}
