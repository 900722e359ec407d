package dev.loopgate.app;

import java.util.ArrayList;
import java.util.List;

/// The most memory that the rooms of this process can ever hold, as a sum one can read: what lies
/// on the heap, and what lies beside it as direct buffers. Beyond what the JVM was given the
/// gateway does not start: better a line now than an OutOfMemoryError under load.
final class HeapBudget {
  private record Line(String holder, long bytes) {}

  private final List<Line> heap = new ArrayList<>();
  private final List<Line> direct = new ArrayList<>();

  /// One holder on the heap more.
  HeapBudget onHeap(String holder, long bytes) {
    heap.add(new Line(holder, bytes));
    return this;
  }

  /// One holder of direct buffers more.
  HeapBudget offHeap(String holder, long bytes) {
    direct.add(new Line(holder, bytes));
    return this;
  }

  /// What is left of `directMax` beside all holders so far; below 0 when they are too many.
  long directLeft(long directMax) {
    return directMax - sum(direct);
  }

  /// What is left of `heapMax` beside all holders so far; below 0 when they are too many.
  long heapLeft(long heapMax) {
    return heapMax - sum(heap);
  }

  /// Every holder with its bytes and where they lie, a line each, and the two sums.
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    append(text, "heap", heap);
    append(text, "direct", direct);
    return text.toString();
  }

  private static void append(StringBuilder text, String what, List<Line> lines) {
    for (Line line : lines) {
      text.append(what).append(": ").append(line.holder()).append('=');
      text.append(Kind.Bytes.shown(line.bytes())).append('\n');
    }
    text.append(what).append(" sum=").append(Kind.Bytes.shown(sum(lines))).append('\n');
  }

  private static long sum(List<Line> lines) {
    return lines.stream().mapToLong(Line::bytes).sum();
  }

  /// Refuses when the sums are more than the JVM has.
  ///
  /// @throws StartException with one line that names the sum, its largest holder and the flag
  void check(long heapMax, long directMax) throws StartException {
    check("heap", heap, heapMax, "-Xmx");
    check("direct", direct, directMax, "-XX:MaxDirectMemorySize");
  }

  private static void check(String what, List<Line> lines, long max, String flag)
      throws StartException {
    long sum = sum(lines);
    Line largest = new Line("", 0);
    for (Line line : lines) {
      if (line.bytes() > largest.bytes()) {
        largest = line;
      }
    }
    if (sum > max) {
      throw new StartException(
          what
              + " memory: the settings need "
              + Kind.Bytes.shown(roundedUp(sum))
              + " (most of it "
              + largest.holder()
              + "="
              + Kind.Bytes.shown(largest.bytes())
              + "), the JVM has "
              + Kind.Bytes.shown(max)
              + "; lower it, or raise "
              + flag
              + " in LOOPGATE_JAVA_OPTS");
    }
  }

  private static long roundedUp(long bytes) {
    long mib = 1L << 20;
    return (bytes + mib - 1) / mib * mib;
  }
}
