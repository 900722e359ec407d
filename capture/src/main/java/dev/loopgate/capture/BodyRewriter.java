package dev.loopgate.capture;

import static java.nio.charset.StandardCharsets.US_ASCII;

/// Takes the fields that [BodyRules] name out of a body, in one pass over its bytes. Confined to
/// one thread, which uses it again and again.
///
/// A body is JSON values, one to a line or only one (NDJSON), or an event stream whose `data:`
/// lines are JSON values or `[DONE]`. Which of the two tells its first byte; a content type may
/// lie. What is neither is unreadable. What no rule names stays byte for byte, but for what else
/// than data an event stream can carry: comments and ids lose their text, and an `event:` that is
/// no plain name or a `retry:` that is no number makes all of it unreadable.
final class BodyRewriter {
  /// Where what is kept goes.
  interface Sink {
    /// Before the first byte: what was there is void.
    void restart();

    /// The next bytes.
    ///
    /// @return false when there is no room for them
    boolean put(byte[] bytes, int from, int to);
  }

  /// What came of a body.
  enum Outcome {
    /// No rule named anything in it; the sink was left alone, unless it was to be filled in any
    /// case.
    UNCHANGED,
    /// It is in the sink.
    REWRITTEN,
    /// It can't be read for sure.
    UNREADABLE,
    /// The sink is full.
    NO_ROOM
  }

  private static final byte[] MASKED = ("\"" + Redaction.MASK + "\"").getBytes(US_ASCII);
  private static final byte[] DATA = "data:".getBytes(US_ASCII);
  private static final byte[] DONE = "[DONE]".getBytes(US_ASCII);
  private static final byte[] ID = "id:".getBytes(US_ASCII);
  private static final byte[] EVENT = "event:".getBytes(US_ASCII);
  private static final byte[] RETRY = "retry:".getBytes(US_ASCII);
  private static final int EVENT_NAME_MAX = 64;
  private static final int RETRY_DIGITS_MAX = 10; // milliseconds of 115 days

  private static final Sink NOWHERE =
      new Sink() {
        @Override
        public void restart() {}

        @Override
        public boolean put(byte[] bytes, int from, int to) {
          return false;
        }
      };

  private final JsonWalk walk = new JsonWalk(this);
  private byte[] bytes = new byte[0];
  private int length;
  private Sink sink = NOWHERE;
  private int copied; // bytes before it are in the sink, or left out
  private boolean started;
  private boolean full;

  /// Reads the first `length` of `bytes`.
  ///
  /// @param anyway fills the sink even where nothing is changed
  Outcome rewrite(byte[] bytes, int length, BodyRules rules, Sink sink, boolean anyway) {
    this.bytes = bytes;
    this.length = length;
    this.sink = sink;
    copied = 0;
    started = false;
    full = false;
    walk.begin(bytes, rules);
    int from = afterByteOrderMark();
    boolean readable = isEventStream(from) ? events(from) : values(from);
    boolean changed = started;
    if (readable && (changed || anyway)) {
      copyTo(length);
    }
    this.bytes = new byte[0];
    this.sink = NOWHERE;
    if (!readable) {
      return Outcome.UNREADABLE;
    }
    if (full) {
      return Outcome.NO_ROOM;
    }
    return changed ? Outcome.REWRITTEN : Outcome.UNCHANGED;
  }

  /// The bytes from `from` to `to` go; calls come in the order of the bytes.
  void cut(int from, int to) {
    copyTo(from);
    copied = to;
  }

  /// A masked value stands in the place of the bytes from `from` to `to`.
  void mask(int from, int to) {
    copyTo(from);
    full = full || !sink.put(MASKED, 0, MASKED.length);
    copied = to;
  }

  private void copyTo(int end) {
    if (!started) {
      started = true;
      sink.restart();
    }
    full = full || !sink.put(bytes, copied, end);
    copied = end;
  }

  /// RFC 8259 lets a reader pass over it; the model's reader may.
  private int afterByteOrderMark() {
    boolean mark =
        length >= 3
            && bytes[0] == (byte) 0xef
            && bytes[1] == (byte) 0xbb
            && bytes[2] == (byte) 0xbf;
    return mark ? 3 : 0;
  }

  /// No JSON begins like a line of an event stream.
  private boolean isEventStream(int from) {
    int at = from;
    while (at < length && (bytes[at] == '\n' || bytes[at] == '\r')) {
      at++;
    }
    return at < length
        && switch (bytes[at]) {
          case 'd', 'e', 'i', 'r', ':' -> true;
          default -> false;
        };
  }

  private boolean values(int from) {
    int at = walk.space(from, length);
    while (true) {
      int end = walk.value(at, length);
      if (end < 0) {
        return false;
      }
      at = walk.space(end, length);
      if (at == length) {
        return true;
      }
      if (!hasLineEnd(end, at)) {
        return false; // a tail
      }
    }
  }

  private boolean hasLineEnd(int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] == '\n') {
        return true;
      }
    }
    return false;
  }

  private boolean events(int from) {
    boolean hasData = false;
    int at = from;
    while (at < length) {
      int end = at;
      while (end < length && bytes[end] != '\n' && bytes[end] != '\r') {
        end++;
      }
      if (end > at && !event(at, end)) {
        return false;
      }
      hasData = hasData || startsWith(DATA, at, end);
      at = end + 1;
    }
    return hasData; // without it only looks like an event stream
  }

  private boolean event(int from, int to) {
    if (bytes[from] == ':') {
      return withoutText(from + 1, to); // a comment says nothing to anybody, and may be anything
    }
    if (startsWith(DATA, from, to)) {
      int value = walk.space(from + DATA.length, to);
      if (value == to || (to - value == DONE.length && startsWith(DONE, value, to))) {
        return true;
      }
      int end = walk.value(value, to);
      return end >= 0 && walk.space(end, to) == to;
    }
    if (startsWith(ID, from, to)) {
      return withoutText(from + ID.length, to); // as well
    }
    if (startsWith(EVENT, from, to)) {
      int name = afterOneSpace(from + EVENT.length, to);
      return to - name <= EVENT_NAME_MAX && isNamePlain(name, to);
    }
    if (startsWith(RETRY, from, to)) {
      int digits = afterOneSpace(from + RETRY.length, to);
      return digits < to && to - digits <= RETRY_DIGITS_MAX && areDigits(digits, to);
    }
    return false;
  }

  private boolean withoutText(int from, int to) {
    if (to > from) {
      cut(from, to);
    }
    return true;
  }

  private int afterOneSpace(int from, int to) {
    return from < to && bytes[from] == ' ' ? from + 1 : from;
  }

  private boolean isNamePlain(int from, int to) {
    for (int i = from; i < to; i++) {
      byte b = bytes[i];
      boolean letter = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
      if (!letter && !isDigit(b) && b != '_' && b != '.' && b != '-') {
        return false;
      }
    }
    return true;
  }

  private boolean areDigits(int from, int to) {
    for (int i = from; i < to; i++) {
      if (!isDigit(bytes[i])) {
        return false;
      }
    }
    return true;
  }

  private static boolean isDigit(byte b) {
    return b >= '0' && b <= '9';
  }

  private boolean startsWith(byte[] prefix, int from, int to) {
    if (to - from < prefix.length) {
      return false;
    }
    for (int i = 0; i < prefix.length; i++) {
      if (bytes[from + i] != prefix[i]) {
        return false;
      }
    }
    return true;
  }
}
