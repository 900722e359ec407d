package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// What a server is known by from before its start on, when there is no process id yet: a random
/// word in its environment, written to a file first. Immutable, any thread.
///
/// @param value the word and the directory it was made for, so that a copy of the file names nobody
record ReplicaToken(String value) {
  /// The variable of a server's environment; its own children inherit it.
  static final String VARIABLE = "MODEL_REPLICA";

  private static final Path PROCESSES = Path.of("/proc");

  /// A new token, in `file` when this returns.
  static ReplicaToken write(Path file) throws IOException {
    String word = UUID.randomUUID().toString();
    Files.writeString(file, word);
    return of(word, file);
  }

  /// The one of an earlier start in the same directory, so that what was left of that is still
  /// known; a new one where there is none.
  static ReplicaToken kept(Path file) throws IOException {
    Optional<ReplicaToken> written = read(file);
    return written.isPresent() ? written.get() : write(file);
  }

  /// What [#write] left; empty when there is no file or it was cut by a crash.
  static Optional<ReplicaToken> read(Path file) throws IOException {
    try {
      String word = UUID.fromString(Files.readString(file)).toString();
      return Optional.of(of(word, file));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (IllegalArgumentException _) {
      return Optional.empty(); // the server was not started before all of it was there
    }
  }

  /// The processes that were started with this token and live. Where environments can't be read,
  /// not on Linux, there are none.
  List<ProcessIdentity> holders() {
    List<ProcessIdentity> holders = new ArrayList<>();
    for (ProcessHandle handle : ProcessHandle.allProcesses().toList()) {
      // Before its environment: if the number changes hands between, this names the former one.
      Optional<ProcessIdentity> identity = ProcessIdentity.of(handle.pid());
      if (identity.isPresent() && isHeldBy(handle.pid())) {
        holders.add(identity.get());
      }
    }
    return holders;
  }

  private boolean isHeldBy(long pid) {
    String wanted = VARIABLE + "=" + value;
    try {
      Path environment = PROCESSES.resolve(Long.toString(pid)).resolve("environ");
      return List.of(new String(Files.readAllBytes(environment), UTF_8).split("\0", -1))
          .contains(wanted);
    } catch (IOException _) {
      return false; // gone, or another user's
    }
  }

  private static ReplicaToken of(String word, Path file) throws IOException {
    return new ReplicaToken(word + "@" + file.toRealPath().getParent());
  }
}
