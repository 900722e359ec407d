package dev.loopgate.controller;

import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.StoreException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The files of one kind: `<id>.json`, each written beside its name, forced and renamed to it. What
/// is not acknowledged has another name, or is as it was. Confined to who writes.
final class ObjectFolder<S, T> {
  private static final String SUFFIX = ".json";
  private static final String TEMPORARY = ".json.tmp";

  private final Kind<S, T> kind;
  private final StoreFiles files;
  private final Path directory;

  ObjectFolder(Kind<S, T> kind, StoreFiles files, Path above) {
    this.kind = kind;
    this.files = files;
    this.directory = above.resolve(kind.folder());
  }

  /// What was found at a start.
  ///
  /// @param temporaries writes that were never acknowledged; they are gone now
  /// @param foreign names that are none of ours; they stay
  record Found<S, T>(List<Entry<S, T>> entries, int temporaries, int foreign) {}

  /// Reads all. Nothing of what a file holds is changed.
  ///
  /// @throws IOException when one of ours can't be read; the message is one line and names it
  Found<S, T> load(EntryJson json) throws IOException {
    files.createDirectory(directory);
    List<Entry<S, T>> entries = new ArrayList<>();
    int temporaries = 0;
    int foreign = 0;
    for (String name : files.names(directory)) {
      if (name.endsWith(TEMPORARY) && isId(name, TEMPORARY)) {
        temporaries++;
        files.delete(directory.resolve(name));
      } else if (name.endsWith(SUFFIX)) {
        entries.add(read(name, json));
      } else {
        foreign++;
      }
    }
    return new Found<>(entries, temporaries, foreign);
  }

  /// Keeps this under the name of `id`, durably.
  void put(String id, byte[] bytes) throws StoreException {
    Path fresh = directory.resolve(id + TEMPORARY);
    try {
      files.write(fresh, bytes);
      files.rename(fresh, directory.resolve(id + SUFFIX));
    } catch (IOException e) {
      forget(fresh, e);
      throw failed(id, "kept", false, e);
    }
    force(id);
  }

  /// Takes the one with this id away, durably.
  void remove(String id) throws StoreException {
    try {
      files.delete(directory.resolve(id + SUFFIX));
    } catch (IOException e) {
      throw failed(id, "deleted", false, e);
    }
    force(id);
  }

  private void force(String id) throws StoreException {
    try {
      files.forceDirectory(directory);
    } catch (IOException e) {
      throw failed(id, "made durable", true, e);
    }
  }

  private void forget(Path fresh, IOException why) {
    try {
      files.delete(fresh);
    } catch (IOException e) {
      why.addSuppressed(e); // the next start takes it away
    }
  }

  private StoreException failed(String id, String what, boolean uncertain, IOException why) {
    return new StoreException(
        kind + " could not be " + what + ": id=" + id + " (" + reason(why) + ")", uncertain, why);
  }

  private Entry<S, T> read(String name, EntryJson json) throws IOException {
    Path file = directory.resolve(name);
    if (!isId(name, SUFFIX)) {
      throw unreadable(directory.resolve(shown(name)), "its name is no id", null);
    }
    try {
      byte[] bytes = files.read(file, DeclaredStore.KEPT_BYTES_MAX);
      return json.read(kind, name.substring(0, name.length() - SUFFIX.length()), bytes);
    } catch (IOException e) {
      throw unreadable(file, reason(e), e);
    }
  }

  private IOException unreadable(Path file, String why, @Nullable Throwable cause) {
    return new IOException(
        "declared state: "
            + kind
            + " can't be read: file="
            + file
            + " ("
            + why
            + "); allowed: the file as it was, or none (nothing was changed)",
        cause);
  }

  /// Of the file system's own failures the message is a path and little else.
  private static String reason(IOException e) {
    if (e instanceof FileSystemException failure) {
      String reason = failure.getReason();
      return reason == null ? e.getClass().getSimpleName() : reason;
    }
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : shown(message);
  }

  private static String shown(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  private static boolean isId(String name, String suffix) {
    return Model.ID.matcher(name.substring(0, name.length() - suffix.length())).matches();
  }
}
