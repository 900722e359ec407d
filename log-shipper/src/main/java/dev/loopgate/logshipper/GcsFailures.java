package dev.loopgate.logshipper;

import com.google.api.client.http.HttpResponseException;
import com.google.cloud.storage.StorageException;
import java.io.IOException;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What an answer of Google Cloud Storage that is none of those hoped for means: ask again, or a
/// person must act.
final class GcsFailures {
  private static final int MESSAGE_LENGTH_MAX = 200;
  private static final Set<String> PRECONDITION = Set.of("conditionNotMet", "preconditionFailed");
  private static final Pattern REASON = Pattern.compile("\"reason\"\\s*:\\s*\"(\\w{1,64})\"");

  private GcsFailures() {}

  /// What to throw.
  ///
  /// @param where bucket and key
  /// @param permission that was needed
  static IOException of(String where, String permission, StorageException e) {
    String reason = reasonOf(e);
    String said =
        where
            + ": "
            + permission
            + ": "
            + e.getCode()
            + (reason.isEmpty() ? "" : ' ' + reason)
            + messageOf(e);
    return isRefusal(e)
        ? new StoreRefusedException(said + "; " + advice(permission, e.getCode()), e)
        : new IOException(said, e);
  }

  /// Whether it says that there is an object under this name already. A 412 may also be a policy's,
  /// which has the same reason at times, and then names its constraint.
  static boolean isTaken(StorageException e) {
    return e.getCode() == 412 && !isOfPolicy(e);
  }

  private static boolean isOfPolicy(StorageException e) {
    String reason = reasonOf(e);
    String said = contentOf(e).isEmpty() ? String.valueOf(e.getMessage()) : contentOf(e);
    return !(reason.isEmpty() || PRECONDITION.contains(reason))
        || said.toLowerCase(Locale.ROOT).contains("constraint");
  }

  /// The store's own word for it, empty when it has none. The client does not read it out of what a
  /// resumable upload is answered.
  private static String reasonOf(StorageException e) {
    if (e.getReason() != null) {
      return e.getReason();
    }
    Matcher reason = REASON.matcher(contentOf(e));
    return reason.find() ? reason.group(1) : "";
  }

  /// Whether a person must act before it is of use to ask again. Code 0: nothing came.
  static boolean isRefusal(StorageException e) {
    if (reasonOf(e).toLowerCase(Locale.ROOT).contains("ratelimit")) {
      return false; // a 403 of old
    }
    return switch (e.getCode()) {
      case 412 -> isOfPolicy(e);
      case 408, 409, 410, 429 -> false; // 410: the upload's address expired, it begins anew
      // The bytes were altered on their way: they are sent again.
      case 400 -> !contentOf(e).toLowerCase(Locale.ROOT).contains("crc32c");
      default -> e.getCode() >= 300 && e.getCode() < 500;
    };
  }

  private static String advice(String permission, int code) {
    return switch (code) {
      case 401 -> "the store does not know these credentials: look at those of this process";
      case 403 -> "needs " + permission + " for these credentials";
      case 412 -> "a policy of the organization or bucket forbids it: see the constraint it names";
      case 404 -> "there is no such bucket: make it, or name another in files";
      default -> "nothing is published until the store takes it";
    };
  }

  private static String messageOf(StorageException e) {
    Throwable cause = e.getCause();
    String message = contentOf(e);
    if (message.isEmpty()) {
      // Where nothing came, the client says that its error is unknown; what lies below knows it.
      message = e.getCode() == 0 && cause != null ? cause.toString() : "" + e.getMessage();
    }
    String line = message.replaceAll("[\\p{Cntrl}\\s]+", " ");
    return " ("
        + (line.length() <= MESSAGE_LENGTH_MAX
            ? line
            : line.substring(0, MESSAGE_LENGTH_MAX) + "...")
        + ")";
  }

  /// What the store's answer has as its body.
  private static String contentOf(StorageException e) {
    String content =
        e.getCause() instanceof HttpResponseException answer ? answer.getContent() : "";
    return content == null ? "" : content;
  }
}
