package dev.loopgate.logshipper;

import com.google.api.client.http.HttpResponseException;
import com.google.cloud.storage.StorageException;
import java.io.IOException;
import java.util.Locale;

/// What an answer of Google Cloud Storage that is none of those hoped for means: ask again, or a
/// person must act.
final class GcsFailures {
  private static final int MESSAGE_LENGTH_MAX = 200;

  private GcsFailures() {}

  /// What to throw.
  ///
  /// @param where bucket and key
  /// @param permission that was needed
  static IOException of(String where, String permission, StorageException e) {
    String reason = e.getReason() == null ? "" : ' ' + e.getReason();
    String said = where + ": " + permission + ": " + e.getCode() + reason + messageOf(e);
    return isRefusal(e)
        ? new StoreRefusedException(said + "; " + advice(permission, e.getCode()), e)
        : new IOException(said, e);
  }

  /// Whether a person must act before it is of use to ask again. Code 0: nothing came.
  static boolean isRefusal(StorageException e) {
    String reason = String.valueOf(e.getReason()).toLowerCase(Locale.ROOT);
    if (reason.contains("ratelimit")) {
      return false; // a 403 of old
    }
    return switch (e.getCode()) {
      case 408, 409, 410, 412, 429 -> false; // 410: the upload's address expired, it begins anew
      // The bytes were altered on their way: they are sent again.
      case 400 -> !contentOf(e).toLowerCase(Locale.ROOT).contains("crc32c");
      default -> e.getCode() >= 300 && e.getCode() < 500;
    };
  }

  private static String advice(String permission, int code) {
    return switch (code) {
      case 401 -> "the store does not know these credentials: look at those of this process";
      case 403 -> "needs " + permission + " for these credentials";
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
