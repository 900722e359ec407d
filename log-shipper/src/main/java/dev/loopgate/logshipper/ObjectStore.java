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

  /// Whether a key that another gateway may give, too, can be published under. If not, keys must be
  /// ones that nobody else gives, see [NumberRange#isOwn]; any other is TAKEN.
  default boolean createsOnly() {
    return true;
  }

  /// Whether many gateways ask it over a network, so that they should not all do so at once, and
  /// what waits for it here is nobody else's to read.
  default boolean isRemote() {
    return false;
  }

  /// Finds out whether files can be published here; changes nothing that a reader sees, and may be
  /// repeated.
  ///
  /// @throws StoreRefusedException when a person must act first
  /// @throws IOException when it is not known
  default void prove() throws IOException {}

  /// Makes the object `key` of the bytes of `file`, whole at the moment it appears and durable when
  /// this returns. May be repeated with the same arguments after any outcome, also by a later
  /// process.
  ///
  /// @throws StoreRefusedException when asking again is of no use
  /// @throws IOException when it is not known what became of it: ask again with the same key
  Publication publish(ObjectKey key, StagedFile file) throws IOException;

  /// How many files [#publishAll] is given at most: more than one where most of the time an answer
  /// is waited for.
  default int uploadsMax() {
    return 1;
  }

  /// Publishes several files of different keys, each as [#publish] does and whatever becomes of the
  /// others, in any order or at once: then [#publish] is called by threads of the store's own.
  ///
  /// @return an outcome for each, in the order of `uploads`
  /// @throws StoreRefusedException when a person must act first; nothing was asked for
  /// @throws IOException when what became of some is not known: all may be asked for again
  default List<Upload.Outcome> publishAll(List<Upload> uploads) throws IOException {
    return uploads.stream().map(upload -> upload.publish(this)).toList();
  }

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

  /// Whether what was published can be read and looked for. If not, each publication is noted by
  /// who publishes, manifests name no files, and what is asked for twice may be there twice.
  default boolean isReadable() {
    return true;
  }

  /// Gives back what the store holds of this machine.
  @Override
  default void close() {}
}
