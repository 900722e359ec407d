package dev.loopgate.logshipper;

import java.io.IOException;

/// The store refuses for good: asking again with the same key is of no use before a person acted.
/// The sink is parked, the data is kept.
public final class StoreRefusedException extends IOException {
  private static final long serialVersionUID = 1;

  /// One line for a person that names the key and what the store said.
  public StoreRefusedException(String message) {
    super(message);
  }

  /// One line for a person that names the key, and what the store said.
  public StoreRefusedException(String message, Throwable cause) {
    super(message, cause);
  }
}
