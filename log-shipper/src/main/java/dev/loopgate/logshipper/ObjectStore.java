package dev.loopgate.logshipper;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;

/// Where files go: create-only, nothing is ever replaced or deleted. Called by the one thread named
/// `shipper`.
public interface ObjectStore {
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

  /// The bytes of an object; the caller closes them.
  ///
  /// @throws java.nio.file.NoSuchFileException when there is none
  InputStream open(ObjectKey key) throws IOException;
}
