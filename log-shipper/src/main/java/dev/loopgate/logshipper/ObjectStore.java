package dev.loopgate.logshipper;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Where files go: create-only, nothing is ever replaced or deleted. Confined to one thread at a
/// time: the one named `shipper`, or who looks.
public interface ObjectStore extends AutoCloseable {
  /// Where files are staged before they are published here: a local directory that exists.
  Path staging();

  /// Makes the object `key` of the bytes of `file`, whole at the moment it appears and durable when
  /// this returns. May be repeated with the same arguments after any outcome, also by a later
  /// process.
  ///
  /// @throws StoreRefusedException when asking again is of no use
  /// @throws IOException when it is not known what became of it: ask again with the same key
  Publication publish(ObjectKey key, StagedFile file) throws IOException;

  /// All keys that begin with `prefix`, in no order. Hidden names of the store's own are left out.
  List<ObjectKey> list(String prefix) throws IOException;

  /// Tells the same keys one after the other, holding few of them at a time.
  default void walk(String prefix, Keys each) throws IOException {
    for (ObjectKey key : list(prefix)) {
      each.next(key);
    }
  }

  /// Is told keys.
  @FunctionalInterface
  interface Keys {
    void next(ObjectKey key) throws IOException;
  }

  /// The bytes of an object; the caller closes them. Reading fails when they end early.
  ///
  /// @throws java.nio.file.NoSuchFileException when there is none
  InputStream open(ObjectKey key) throws IOException;

  /// The instance that made an object, where the store keeps that beside it; empty elsewhere, and
  /// for an object of nobody we know.
  default Optional<String> makerOf(ObjectKey key) throws IOException {
    return Optional.empty();
  }

  /// Gives back what the store holds of this machine.
  @Override
  default void close() {}
}
