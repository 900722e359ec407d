package dev.loopgate.fleet;

import java.time.Instant;

/// Something that happened to what is declared.
///
/// @param cursor where it stands among the events of its kind; grows with each
/// @param type what happened
/// @param object as it was then; after a deletion as it was before
/// @param at when
public record DeclaredEvent(long cursor, Type type, Declared<?, ?> object, Instant at) {
  /// What can happen.
  public enum Type {
    /// It was declared.
    CREATED("Created"),
    /// Its spec was written again.
    UPDATED("Updated"),
    /// Something new was observed of it.
    STATUS_UPDATED("StatusUpdated"),
    /// It is to go.
    DELETION_MARK_IS_SET("DeletionMarkIsSet"),
    /// It is gone.
    DELETED("Deleted");

    private final String word;

    Type(String word) {
      this.word = word;
    }
  }

  /// The word of the contract, such as `ModelDeploymentCreated`.
  public String word() {
    // The original's odd one, which its clients know.
    boolean odd = type == Type.UPDATED && object.kind() == Kind.ROUTE;
    return object.kind().word() + (odd ? "Update" : type.word);
  }
}
