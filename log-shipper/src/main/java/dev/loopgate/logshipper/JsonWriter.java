package dev.loopgate.logshipper;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/// Writes JSON lines through one buffer, without a tree and without a copy of the line: a line may
/// be far larger than the buffer. Members appear in the order of the calls; whoever calls keeps the
/// grammar. What comes out is valid UTF-8 without any raw control character but the `\n` that ends
/// a line. Confined to one thread.
final class JsonWriter {
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] BASE64 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
          .getBytes(StandardCharsets.US_ASCII);

  // 0: as it is. 'u': by its number in hex. Else the letter behind the backslash.
  private static final byte[] ESCAPE = new byte[128];

  static {
    for (int c = 0; c < 0x20; c++) {
      ESCAPE[c] = 'u';
    }
    ESCAPE[0x7f] = 'u';
    ESCAPE['"'] = '"';
    ESCAPE['\\'] = '\\';
    ESCAPE['\n'] = 'n';
    ESCAPE['\r'] = 'r';
    ESCAPE['\t'] = 't';
    ESCAPE['\b'] = 'b';
    ESCAPE['\f'] = 'f';
  }

  private final byte[] buffer;
  private final OutputStream out;
  private int length;
  private long flushed;
  private boolean comma;

  /// Writes to `out`, which stays the caller's, whenever `bufferBytes` are full and on [#flush].
  JsonWriter(OutputStream out, int bufferBytes) {
    this.out = out;
    this.buffer = new byte[Math.max(bufferBytes, 64)];
  }

  /// Bytes written so far, flushed or not.
  long bytesWritten() {
    return flushed + length;
  }

  JsonWriter beginObject() throws IOException {
    put('{');
    comma = false;
    return this;
  }

  JsonWriter endObject() throws IOException {
    put('}');
    comma = true;
    return this;
  }

  JsonWriter endLine() throws IOException {
    put('\n');
    comma = false;
    return this;
  }

  /// The name of a member, behind a comma where one is due.
  JsonWriter name(String name) throws IOException {
    if (comma) {
      put(',');
    }
    text(name);
    put(':');
    comma = true;
    return this;
  }

  JsonWriter member(String name, String value) throws IOException {
    name(name);
    text(value);
    return this;
  }

  JsonWriter member(String name, long value) throws IOException {
    name(name);
    number(value);
    return this;
  }

  JsonWriter member(String name, boolean value) throws IOException {
    name(name);
    ascii(value ? "true" : "false");
    return this;
  }

  /// A number of thousandths: `12.345` for 12345.
  JsonWriter memberThousandths(String name, long thousandths) throws IOException {
    name(name);
    long whole = Math.max(0, thousandths);
    number(whole / 1000);
    put('.');
    int rest = (int) (whole % 1000);
    put('0' + rest / 100);
    put('0' + rest / 10 % 10);
    put('0' + rest % 10);
    return this;
  }

  /// JSON text as it is; white space that would break the line becomes a space.
  JsonWriter memberRaw(String name, String json) throws IOException {
    name(name);
    for (int i = 0; i < json.length(); ) {
      int c = json.codePointAt(i);
      i += Character.charCount(c);
      if (c < 0x20) {
        put(' ');
      } else {
        utf8(c);
      }
    }
    return this;
  }

  /// A string of UTF-8 bytes, which must be valid.
  JsonWriter memberUtf8(String name, byte[] bytes, int from, int to) throws IOException {
    name(name);
    put('"');
    int run = from;
    for (int i = from; i < to; i++) {
      byte b = bytes[i];
      if (b >= 0 && ESCAPE[b] != 0) {
        raw(bytes, run, i);
        escape(b);
        run = i + 1;
      }
    }
    raw(bytes, run, to);
    put('"');
    return this;
  }

  /// A string that is the base64 (RFC 4648, section 4) of the bytes.
  JsonWriter memberBase64(String name, byte[] bytes, int from, int to) throws IOException {
    name(name);
    put('"');
    int i = from;
    for (; i + 3 <= to; i += 3) {
      int bits = ((bytes[i] & 0xff) << 16) | ((bytes[i + 1] & 0xff) << 8) | (bytes[i + 2] & 0xff);
      reserve(4);
      buffer[length++] = BASE64[bits >> 18];
      buffer[length++] = BASE64[(bits >> 12) & 63];
      buffer[length++] = BASE64[(bits >> 6) & 63];
      buffer[length++] = BASE64[bits & 63];
    }
    if (i < to) {
      boolean two = i + 1 < to;
      int bits = ((bytes[i] & 0xff) << 16) | (two ? (bytes[i + 1] & 0xff) << 8 : 0);
      put(BASE64[bits >> 18]);
      put(BASE64[(bits >> 12) & 63]);
      put(two ? BASE64[(bits >> 6) & 63] : '=');
      put('=');
    }
    put('"');
    return this;
  }

  /// Begins a string value that is written in pieces with [#piece].
  void beginText() throws IOException {
    put('"');
  }

  void endText() throws IOException {
    put('"');
  }

  void text(String value) throws IOException {
    beginText();
    piece(value);
    endText();
  }

  /// Characters of a string value. A lone surrogate becomes U+FFFD.
  void piece(String value) throws IOException {
    int end = value.length();
    for (int i = plainPrefix(value); i < end; ) {
      char c = value.charAt(i);
      if (c < 0x80) {
        if (ESCAPE[c] == 0) {
          reserve(1);
          buffer[length++] = (byte) c;
        } else {
          escape(c);
        }
        i++;
      } else {
        int point = value.codePointAt(i);
        i += Character.charCount(point);
        utf8(point);
      }
    }
  }

  // Copies what needs no escaping and has room, mostly all of it, and says how far that went.
  private int plainPrefix(String value) {
    byte[] into = buffer; // locals: a loop over fields is not unrolled
    int at = length;
    int end = Math.min(value.length(), into.length - at);
    int i = 0;
    while (i < end) {
      char c = value.charAt(i);
      if (c >= 0x80 || ESCAPE[c] != 0) {
        break;
      }
      into[at + i] = (byte) c;
      i++;
    }
    length = at + i;
    return i;
  }

  void flush() throws IOException {
    out.write(buffer, 0, length);
    flushed += length;
    length = 0;
  }

  void number(long value) throws IOException {
    ascii(Long.toString(value));
  }

  void ascii(String text) throws IOException {
    reserve(text.length());
    for (int i = 0; i < text.length(); i++) {
      buffer[length++] = (byte) text.charAt(i);
    }
  }

  private void escape(int c) throws IOException {
    reserve(6);
    buffer[length++] = '\\';
    byte letter = ESCAPE[c];
    buffer[length++] = letter;
    if (letter == 'u') {
      buffer[length++] = '0';
      buffer[length++] = '0';
      buffer[length++] = HEX[c >> 4];
      buffer[length++] = HEX[c & 0xf];
    }
  }

  private void utf8(int point) throws IOException {
    int c = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
    reserve(4);
    if (c < 0x80) {
      buffer[length++] = (byte) c;
    } else if (c < 0x800) {
      buffer[length++] = (byte) (0xc0 | (c >> 6));
      buffer[length++] = (byte) (0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
      buffer[length++] = (byte) (0xe0 | (c >> 12));
      buffer[length++] = (byte) (0x80 | ((c >> 6) & 0x3f));
      buffer[length++] = (byte) (0x80 | (c & 0x3f));
    } else {
      buffer[length++] = (byte) (0xf0 | (c >> 18));
      buffer[length++] = (byte) (0x80 | ((c >> 12) & 0x3f));
      buffer[length++] = (byte) (0x80 | ((c >> 6) & 0x3f));
      buffer[length++] = (byte) (0x80 | (c & 0x3f));
    }
  }

  private void raw(byte[] bytes, int from, int to) throws IOException {
    int at = from;
    while (at < to) {
      if (length == buffer.length) {
        flush();
      }
      int part = Math.min(to - at, buffer.length - length);
      System.arraycopy(bytes, at, buffer, length, part);
      length += part;
      at += part;
    }
  }

  private void put(int b) throws IOException {
    reserve(1);
    buffer[length++] = (byte) b;
  }

  private void reserve(int bytes) throws IOException {
    if (buffer.length - length < bytes) {
      flush();
    }
  }
}
