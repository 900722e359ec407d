package dev.loopgate.capture;

/// Walks over JSON values in UTF-8 and says where a rule's values stand. Confined to its
/// [BodyRewriter].
///
/// As strict as RFC 8259, since what two readers understand differently is how a secret passes: no
/// comments, no `NaN`, no control characters in strings, no malformed UTF-8. Linear in the bytes,
/// and at most [#DEPTH_MAX] deep, without recursion. Of equal keys each is the rule's.
final class JsonWalk {
  /// Deeper nesting is not read; readers of the files give up at 1,000.
  static final int DEPTH_MAX = 512;

  private static final int BAD = -1;

  private final BodyRewriter edits;
  private byte[] in = new byte[0];
  private int to;
  private BodyRules rules = BodyRules.NONE;

  // Of each open object or array, from 1: the rules that lead into it, whether a member of it is
  // kept
  // so far, where its last comma is, and the index of its element.
  private final long[] leading = new long[DEPTH_MAX + 1];
  private final boolean[] object = new boolean[DEPTH_MAX + 1];
  private final boolean[] keptAny = new boolean[DEPTH_MAX + 1];
  private final int[] comma = new int[DEPTH_MAX + 1];
  private final int[] index = new int[DEPTH_MAX + 1];
  private int depth;
  private long next; // the rules that lead into the value to come
  private boolean opened; // the value begun last has a child, which is to come

  // The one value that a rule names; nothing within it is looked for.
  private int editDepth; // 0: none
  private int editFrom;
  private boolean editDrops;

  private char[] key = new char[16];
  private int keyLength;
  private int keyLengthMax;

  JsonWalk(BodyRewriter edits) {
    this.edits = edits;
  }

  /// Walks over these bytes from now on.
  void begin(byte[] bytes, BodyRules forRules) {
    in = bytes;
    rules = forRules;
    keyLengthMax = forRules.keyLengthMax();
    if (key.length <= keyLengthMax) {
      key = new char[keyLengthMax + 1];
    }
  }

  /// Where the white space from `from` on ends.
  int space(int from, int end) {
    int at = from;
    while (at < end && (in[at] == ' ' || in[at] == '\n' || in[at] == '\r' || in[at] == '\t')) {
      at++;
    }
    return at;
  }

  /// Walks over the value that begins at `from`; where it ends, below 0 when it is none.
  int value(int from, int end) {
    to = end;
    depth = 0;
    next = rules.all();
    editDepth = 0;
    int at = from;
    while (at >= 0) {
      at = at < to ? begun(at) : BAD;
      if (at >= 0 && !opened) {
        at = ended(at);
        if (depth == 0) {
          return at;
        }
      }
    }
    return BAD;
  }

  /// Walks over a value as far as it has no child: to its end, or to its first child.
  private int begun(int at) {
    opened = false;
    return switch (in[at]) {
      case '{', '[' -> open(at);
      case '"' -> string(at, false);
      case 't' -> word(at, "true");
      case 'f' -> word(at, "false");
      case 'n' -> word(at, "null");
      default -> number(at);
    };
  }

  private int open(int at) {
    if (depth == DEPTH_MAX) {
      return BAD;
    }
    depth++;
    object[depth] = in[at] == '{';
    leading[depth] = next;
    keptAny[depth] = false;
    comma[depth] = BAD;
    index[depth] = 0;
    int inside = space(at + 1, to);
    if (inside < to && in[inside] == closing()) {
      depth--;
      return inside + 1;
    }
    opened = true;
    return child(inside);
  }

  private int closing() {
    return object[depth] ? '}' : ']';
  }

  /// A value has ended: so may the ones around it. Where the next one begins, or, at depth 0, where
  /// the outermost one ends.
  private int ended(int from) {
    int at = from;
    while (true) {
      finishEdit(at);
      if (depth == 0) {
        return at;
      }
      at = space(at, to);
      if (at == to) {
        return stuck();
      }
      if (in[at] == ',') {
        if (!keptAny[depth] && editDepth == 0) {
          edits.cut(at, at + 1); // all before it went
        }
        comma[depth] = at;
        index[depth]++;
        return child(space(at + 1, to));
      }
      if (in[at] != closing()) {
        return stuck();
      }
      depth--;
      at++;
    }
  }

  private int stuck() {
    depth = 1; // not at an end
    return BAD;
  }

  /// A member or element begins at `from`: where its value does.
  private int child(int from) {
    int at = from;
    long inside = editDepth == 0 ? leading[depth] : 0;
    long fitting = 0;
    if (object[depth]) {
      at = at < to && in[at] == '"' ? string(at, inside != 0) : BAD;
      if (at < 0) {
        return stuck();
      }
      at = space(at, to);
      if (at == to || in[at] != ':') {
        return stuck();
      }
      at = space(at + 1, to);
      if (inside != 0) {
        fitting = rules.ofKey(inside, depth, key, keyLength);
      }
    } else if (inside != 0) {
      fitting = rules.ofIndex(inside, depth, index[depth]);
    }
    long mine = fitting == 0 ? 0 : rules.ending(fitting, depth);
    if (mine != 0) {
      editDepth = depth;
      editDrops = rules.drops(mine);
      editFrom = editDrops ? (keptAny[depth] ? comma[depth] : from) : at;
    }
    next = mine == 0 ? fitting : 0;
    return at;
  }

  private void finishEdit(int at) {
    if (editDepth == 0) {
      keptAny[depth] = true;
    } else if (editDepth == depth) {
      editDepth = 0;
      if (editDrops) {
        edits.cut(editFrom, at);
      } else {
        edits.mask(editFrom, at);
        keptAny[depth] = true;
      }
    }
  }

  /// Walks over a string; reads it into [#key] if wanted, as far as a rule's key can be long.
  private int string(int from, boolean wanted) {
    keyLength = 0;
    int at = from + 1;
    while (at < to) {
      int b = in[at] & 0xff;
      if (b == '"') {
        return at + 1;
      }
      if (b < 0x20) {
        return BAD;
      }
      if (b == '\\') {
        at = escape(at, wanted);
      } else if (b < 0x80) {
        if (wanted) {
          take((char) b);
        }
        at++;
      } else {
        at = multibyte(at, b, wanted);
      }
      if (at < 0) {
        return BAD;
      }
    }
    return BAD;
  }

  private void take(char c) {
    if (keyLength <= keyLengthMax) {
      key[keyLength++] = c; // one more than a rule's key says that it is none
    }
  }

  private int escape(int at, boolean wanted) {
    if (at + 1 >= to) {
      return BAD;
    }
    int c =
        switch (in[at + 1]) {
          case '"' -> '"';
          case '\\' -> '\\';
          case '/' -> '/';
          case 'b' -> '\b';
          case 'f' -> '\f';
          case 'n' -> '\n';
          case 'r' -> '\r';
          case 't' -> '\t';
          case 'u' -> hex(at + 2);
          default -> BAD;
        };
    if (c < 0) {
      return BAD;
    }
    if (wanted) {
      take((char) c);
    }
    return at + (in[at + 1] == 'u' ? 6 : 2);
  }

  private int hex(int from) {
    if (from + 4 > to) {
      return BAD;
    }
    int value = 0;
    for (int i = from; i < from + 4; i++) {
      int digit = in[i] < 0 ? BAD : Character.digit(in[i], 16);
      if (digit < 0) {
        return BAD;
      }
      value = value << 4 | digit;
    }
    return value;
  }

  /// One character of several bytes (RFC 3629): no overlong forms, no surrogates.
  private int multibyte(int at, int first, boolean wanted) {
    int count = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || at + count > to) {
      return BAD;
    }
    int point = first & (0xff >> (count + 1));
    for (int i = at + 1; i < at + count; i++) {
      if ((in[i] & 0xc0) != 0x80) {
        return BAD;
      }
      point = (point << 6) | (in[i] & 0x3f);
    }
    boolean overlong = (count == 3 && point < 0x800) || (count == 4 && point < 0x10000);
    if (overlong || point > Character.MAX_CODE_POINT || (point >= 0xd800 && point <= 0xdfff)) {
      return BAD;
    }
    if (wanted && count == 4) {
      take(Character.highSurrogate(point));
      take(Character.lowSurrogate(point));
    } else if (wanted) {
      take((char) point);
    }
    return at + count;
  }

  private int word(int at, String word) {
    if (at + word.length() > to) {
      return BAD;
    }
    for (int i = 0; i < word.length(); i++) {
      if (in[at + i] != word.charAt(i)) {
        return BAD;
      }
    }
    return at + word.length();
  }

  private int number(int from) {
    int at = in[from] == '-' ? from + 1 : from;
    int whole = digits(at);
    if (whole == at || (in[at] == '0' && whole > at + 1)) {
      return BAD;
    }
    at = whole;
    if (at < to && in[at] == '.') {
      int fraction = digits(at + 1);
      if (fraction == at + 1) {
        return BAD;
      }
      at = fraction;
    }
    if (at < to && (in[at] == 'e' || in[at] == 'E')) {
      int digits = at + 1 < to && (in[at + 1] == '+' || in[at + 1] == '-') ? at + 2 : at + 1;
      at = digits(digits);
      if (at == digits) {
        return BAD;
      }
    }
    return at;
  }

  private int digits(int from) {
    int at = from;
    while (at < to && in[at] >= '0' && in[at] <= '9') {
      at++;
    }
    return at;
  }
}
