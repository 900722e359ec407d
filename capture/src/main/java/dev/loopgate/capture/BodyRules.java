package dev.loopgate.capture;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which fields of a JSON body are never kept as they are, made ready to be looked for. Immutable,
/// any thread.
public final class BodyRules {
  /// The most rules of one body.
  public static final int COUNT_MAX = 64; // one bit each

  /// Every body is kept as it is.
  public static final BodyRules NONE = new BodyRules(List.of());

  /// One step of a pointer.
  private record Step(boolean any, String key, int index) {
    static Step of(String text) {
      boolean index = text.matches("0|[1-9][0-9]{0,8}");
      return new Step(text.equals("*"), text, index ? Integer.parseInt(text) : -1);
    }

    boolean isKey(char[] name, int length) {
      if (any) {
        return true;
      }
      if (key.length() != length) {
        return false;
      }
      for (int i = 0; i < length; i++) {
        if (key.charAt(i) != name[i]) {
          return false;
        }
      }
      return true;
    }
  }

  private final List<List<Step>> rules = new ArrayList<>();
  private final long[] endingAt; // by depth: the rules whose last step it is
  private final long drops;
  private final int keyLengthMax;

  /// @throws IllegalArgumentException with more than [#COUNT_MAX] rules
  public BodyRules(List<FieldRule> fields) {
    if (fields.size() > COUNT_MAX) {
      throw new IllegalArgumentException(
          "body rules: count=" + fields.size() + ", allowed=at most " + COUNT_MAX);
    }
    long[] ends = new long[FieldRule.DEPTH_MAX + 1];
    long dropping = 0;
    int longest = 0;
    for (FieldRule field : fields) {
      long bit = 1L << rules.size();
      List<Step> steps = field.steps().stream().map(Step::of).toList();
      ends[steps.size()] |= bit;
      dropping |= field.dropped() ? bit : 0;
      for (Step step : steps) {
        longest = Math.max(longest, step.key().length());
      }
      rules.add(steps);
    }
    this.endingAt = ends;
    this.drops = dropping;
    this.keyLengthMax = longest;
  }

  /// Whether bodies are kept as they are.
  public boolean isEmpty() {
    return rules.isEmpty();
  }

  /// `json`, one value, as it may be kept; null when it is not strict JSON, nested too deeply,
  /// longer than [BodyRedactor#BYTES_MAX], or would be longer than `bytesMax`. The bound is for who
  /// pays for it: an event loop.
  public byte @Nullable [] redact(String json, int bytesMax) {
    if (json.length() > BodyRedactor.BYTES_MAX) {
      return null; // before it is copied
    }
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > BodyRedactor.BYTES_MAX) {
      return null;
    }
    ArraySink sink = new ArraySink(bytesMax);
    return switch (new BodyRewriter().rewrite(bytes, bytes.length, this, sink, true)) {
      case UNCHANGED, REWRITTEN -> sink.bytes();
      case UNREADABLE, NO_ROOM -> null;
    };
  }

  /// All of them, a bit each.
  long all() {
    int count = rules.size();
    return count == 0 ? 0 : -1L >>> (Long.SIZE - count);
  }

  /// Keys longer than this are only `*`.
  int keyLengthMax() {
    return keyLengthMax;
  }

  /// Of `among`, those whose step at `depth`, from 1, is this key.
  long ofKey(long among, int depth, char[] key, int length) {
    long fitting = 0;
    for (long rest = among; rest != 0; rest &= rest - 1) {
      int rule = Long.numberOfTrailingZeros(rest);
      if (rules.get(rule).get(depth - 1).isKey(key, length)) {
        fitting |= 1L << rule;
      }
    }
    return fitting;
  }

  /// Of `among`, those whose step at `depth`, from 1, is this index.
  long ofIndex(long among, int depth, int index) {
    long fitting = 0;
    for (long rest = among; rest != 0; rest &= rest - 1) {
      int rule = Long.numberOfTrailingZeros(rest);
      Step step = rules.get(rule).get(depth - 1);
      if (step.any() || step.index() == index) {
        fitting |= 1L << rule;
      }
    }
    return fitting;
  }

  /// Of `among`, those that end at `depth`: the value is theirs.
  long ending(long among, int depth) {
    return among & endingAt[depth];
  }

  /// Whether one of these drops what it names.
  boolean drops(long among) {
    return (among & drops) != 0;
  }

  /// Bytes that grow up to a bound.
  private static final class ArraySink implements BodyRewriter.Sink {
    private final int bytesMax;
    private byte[] bytes = new byte[256];
    private int length;

    ArraySink(int bytesMax) {
      this.bytesMax = bytesMax;
    }

    @Override
    public void restart() {
      length = 0;
    }

    @Override
    public boolean put(byte[] from, int start, int end) {
      int count = end - start;
      if (count > bytesMax - length) {
        return false;
      }
      if (length + count > bytes.length) {
        bytes =
            Arrays.copyOf(
                bytes, Math.max(length + count, (int) Math.min(bytesMax, 2L * bytes.length)));
      }
      System.arraycopy(from, start, bytes, length, count);
      length += count;
      return true;
    }

    byte[] bytes() {
      return Arrays.copyOf(bytes, length);
    }
  }
}
