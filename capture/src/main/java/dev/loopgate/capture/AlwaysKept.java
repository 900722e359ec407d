package dev.loopgate.capture;

import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/// Which exchanges are kept whatever the sampling says: any of these is enough. Immutable, any
/// thread.
public final class AlwaysKept {
  /// None.
  public static final AlwaysKept NONE =
      new AlwaysKept(Set.of(), Set.of(), Long.MAX_VALUE, Set.of());

  private static final int STATUS_MAX = 999;
  private static final Pattern STATUS = Pattern.compile("[1-5]xx|[1-5][0-9][0-9]");

  private final BitSet statuses = new BitSet(STATUS_MAX + 1);
  private final Set<Ending> endings = EnumSet.noneOf(Ending.class);
  private final long slowerThanNanos;
  private final NameSet headers;

  /// @param statuses like `404` or `5xx`, of the answer that the caller got
  /// @param endings their words
  /// @param slowerThanNanos from the request's head to the ending; Long.MAX_VALUE for no bound
  /// @param headers names and patterns: a request with one of them is kept
  /// @throws IllegalArgumentException when a status or an ending is none
  public AlwaysKept(
      Set<String> statuses, Set<String> endings, long slowerThanNanos, Set<String> headers) {
    check(statuses, endings);
    for (String status : statuses) {
      if (status.endsWith("xx")) {
        int first = (status.charAt(0) - '0') * 100;
        this.statuses.set(first, first + 100);
      } else {
        this.statuses.set(Integer.parseInt(status));
      }
    }
    for (String ending : endings) {
      this.endings.add(Ending.ofWord(ending));
    }
    this.slowerThanNanos = slowerThanNanos;
    this.headers = new NameSet(headers);
  }

  /// Refuses what is no status or no ending.
  ///
  /// @throws IllegalArgumentException which names it
  public static void check(Set<String> statuses, Set<String> endings) {
    for (String status : statuses) {
      if (!STATUS.matcher(status).matches()) {
        throw new IllegalArgumentException(
            "kept status: value=" + status + ", allowed=100 to 599, or 1xx to 5xx");
      }
    }
    endings.forEach(Ending::ofWord);
  }

  /// Whether a request with these headers is kept.
  public boolean keeps(List<Header> requestHeaders) {
    if (headers.isEmpty()) {
      return false;
    }
    for (Header header : requestHeaders) {
      if (headers.contains(header.name())) {
        return true;
      }
    }
    return false;
  }

  /// Whether an ending can decide: an exchange has to be captured until then.
  public boolean looksAtEndings() {
    return !statuses.isEmpty() || !endings.isEmpty() || slowerThanNanos != Long.MAX_VALUE;
  }

  /// Whether an exchange that ended like this is kept.
  ///
  /// @param status that the caller got, 0 when no response began
  public boolean keeps(int status, Ending ending, long durationNanos) {
    return statuses.get(status) || endings.contains(ending) || durationNanos > slowerThanNanos;
  }
}
