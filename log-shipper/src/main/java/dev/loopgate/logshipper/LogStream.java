package dev.loopgate.logshipper;

import dev.loopgate.capture.EntryKind;
import java.util.List;

/// A kind of line, and the first part of its files' path.
public enum LogStream {
  /// What was asked and how it went: one line a prediction.
  REQUEST_RESPONSE("request_response"),
  /// What was answered: one line a prediction.
  RESPONSE_BODY("response_body"),
  /// What turned out to be true: one line a feedback.
  FEEDBACK("feedback");

  private static final List<LogStream> OF_PREDICTION = List.of(REQUEST_RESPONSE, RESPONSE_BODY);
  private static final List<LogStream> OF_FEEDBACK = List.of(FEEDBACK);

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
    for (LogStream stream : values()) {
      if (stream.word.equals(word)) {
        return stream;
      }
    }
    throw new IllegalArgumentException("stream: word=" + word);
  }

  /// The kind of the entries that have a line in it.
  EntryKind kind() {
    return switch (this) {
      case REQUEST_RESPONSE, RESPONSE_BODY -> EntryKind.PREDICTION;
      case FEEDBACK -> EntryKind.FEEDBACK;
    };
  }

  /// The streams that an entry of `kind` has a line in; it is committed when all of them are.
  static List<LogStream> of(EntryKind kind) {
    return switch (kind) {
      case PREDICTION -> OF_PREDICTION;
      case FEEDBACK -> OF_FEEDBACK;
    };
  }
}
