package dev.loopgate.app;

import dev.loopgate.capture.TimeSource;
import java.io.PrintStream;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// The log: lines on stderr of time, level, room and message. Any thread.
///
/// ERROR: data was lost or someone must act. WARN: degraded, nothing lost. INFO: life of the
/// process. One exchange is never a line; what may repeat is one line a minute and subject, with
/// how often.
final class LogLines {
  /*
   * Not java.util.logging's own handler: that one is closed by a hook of its own while the gateway still drains.
   * What libraries log there comes here through [#takeOver].
   */

  /// Of a line.
  enum Level {
    INFO,
    WARN,
    ERROR
  }

  private static final int SUBJECTS_MAX = 4096;
  private static final long REPEAT_NANOS = 60_000_000_000L;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private static final class Repeated {
    private long printedAtNanos;
    private long since;
  }

  private final TimeSource time;
  private final PrintStream out;
  private final Map<String, Repeated> repeated =
      new HashMap<>(); // at most SUBJECTS_MAX and those of a minute

  LogLines(TimeSource time, PrintStream out) {
    this.time = time;
    this.out = out;
  }

  /// The time that lines are written with, milliseconds since the epoch.
  long epochMillis() {
    return time.epochMillis();
  }

  /// One line.
  void line(Level level, String room, String message) {
    out.println(
        TIME.format(Instant.ofEpochMilli(time.epochMillis()))
            + " "
            + level
            + " "
            + room
            + " "
            + oneLine(message));
  }

  /// A line now, and none of the same subject for a minute; the next says how many there were.
  void repeated(Level level, String room, String subject, String message) {
    long times;
    synchronized (repeated) {
      long now = time.nanos();
      Repeated before = repeated.get(subject);
      if (before == null) {
        if (repeated.size() >= SUBJECTS_MAX) { // models come and go, and subjects with them
          repeated.values().removeIf(one -> now - one.printedAtNanos >= REPEAT_NANOS);
        }
        before = new Repeated();
        repeated.put(subject, before);
      } else if (now - before.printedAtNanos < REPEAT_NANOS) {
        before.since++;
        return;
      }
      times = before.since + 1;
      before.since = 0;
      before.printedAtNanos = now;
    }
    line(
        level, room, times == 1 ? message : message + " (" + times + " times since the last line)");
  }

  /// Sends what libraries log to [java.util.logging] here, from WARNING on.
  void takeOver() {
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    root.addHandler(new Bridge());
    root.setLevel(java.util.logging.Level.WARNING);
  }

  private static String oneLine(String message) {
    StringBuilder line = new StringBuilder(message.length());
    message.chars().forEach(c -> line.append(Character.isISOControl(c) ? ' ' : (char) c));
    return line.toString();
  }

  private final class Bridge extends Handler {
    @Override
    public void publish(LogRecord record) {
      if (record.getLevel().intValue() < java.util.logging.Level.WARNING.intValue()) {
        return;
      }
      Throwable thrown = record.getThrown();
      // A library's severest is a warning here: whether data was lost only we know.
      repeated(
          Level.WARN,
          "library",
          String.valueOf(record.getLoggerName()),
          record.getLoggerName()
              + ": "
              + record.getMessage()
              + (thrown == null ? "" : ": " + thrown));
    }

    @Override
    public void flush() {
      out.flush();
    }

    @Override
    public void close() {}
  }
}
