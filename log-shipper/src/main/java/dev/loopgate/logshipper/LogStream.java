package dev.loopgate.logshipper;

import dev.loopgate.capture.EntryKind;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// A kind of line, and the first part of its files' path.
public enum LogStream {
  /// What was asked and how it went: one line a prediction.
  REQUEST_RESPONSE("request_response"),
  /// What was answered: one line a prediction.
  RESPONSE_BODY("response_body"),
  /// What turned out to be true: one line a feedback.
  FEEDBACK("feedback"),
  /// What an Envoy's access log says of an exchange that was not shown otherwise: one line each.
  ACCESS_LOG("access_log");

  private static final List<LogStream> OF_PREDICTION = List.of(REQUEST_RESPONSE, RESPONSE_BODY);
  private static final List<LogStream> OF_FEEDBACK = List.of(FEEDBACK);
  private static final List<LogStream> OF_ACCESS_LOG = List.of(ACCESS_LOG);

  private final String word;

  LogStream(String word) {
    this.word = word;
  }

  /// The word in paths and manifests.
  public String word() {
    return word;
  }

  /// The stream with this word.
  ///
  /// @throws IllegalArgumentException when no stream has it
  static LogStream ofWord(String word) {
    return named(word).orElseThrow(() -> new IllegalArgumentException("stream: word=" + word));
  }

  /// The stream with this word; none for one of a later version.
  static Optional<LogStream> named(String word) {
    return Arrays.stream(values()).filter(stream -> stream.word.equals(word)).findFirst();
  }

  /// The kind of the entries that have a line in it.
  EntryKind kind() {
    return switch (this) {
      case REQUEST_RESPONSE, RESPONSE_BODY -> EntryKind.PREDICTION;
      case FEEDBACK -> EntryKind.FEEDBACK;
      case ACCESS_LOG -> EntryKind.ACCESS_LOG;
    };
  }

  /// The streams that an entry of `kind` has a line in; it is committed when all of them are.
  static List<LogStream> of(EntryKind kind) {
    return switch (kind) {
      case PREDICTION -> OF_PREDICTION;
      case FEEDBACK -> OF_FEEDBACK;
      case ACCESS_LOG -> OF_ACCESS_LOG;
    };
  }
}
