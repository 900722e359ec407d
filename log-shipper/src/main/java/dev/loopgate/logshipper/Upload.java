package dev.loopgate.logshipper;

import java.io.IOException;

/// A staged file and the key under which it is to be published.
record Upload(ObjectKey key, StagedFile file) {
  /// What became of one.
  sealed interface Outcome {}

  /// The store said what became of it.
  record Known(Publication publication) implements Outcome {}

  /// It is not known, or a person must act first: what [ObjectStore#publish] throws.
  record Unknown(IOException reason) implements Outcome {}

  /// Asks the store for this one.
  Outcome publish(ObjectStore store) {
    try {
      return new Known(store.publish(key, file));
    } catch (IOException e) {
      return new Unknown(e);
    }
  }
}
