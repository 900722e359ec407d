package dev.loopgate.capture;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One header line. Immutable, any thread; equal to another with the same name and value.
public final class Header {
  private final String name;
  private final String value;
  private final byte @Nullable [] line;

  /// @param name lower case; upper case is lowered here, so that no rule is missed by its spelling
  /// @param value as on the wire, without surrounding white space; bytes above 0x7f as ISO-8859-1
  public Header(String name, String value) {
    this(lowerCase(name), value, null);
  }

  private Header(String name, String value, byte @Nullable [] line) {
    this.name = name;
    this.value = value;
    this.line = line;
  }

  /// The same for a header that is written and kept many times: composes its line now.
  public static Header prepared(String name, String value) {
    String lowered = lowerCase(name);
    String line = lowered + ": " + value + "\r\n";
    return new Header(lowered, value, isPlain(lowered + value) ? line.getBytes(US_ASCII) : null);
  }

  /// Lower case.
  public String name() {
    return name;
  }

  /// As on the wire.
  public String value() {
    return value;
  }

  /// `name: value` and CRLF in ASCII, if the header was prepared and has nothing else than
  /// printable characters, else null. Not to be changed.
  public byte @Nullable [] line() {
    return line;
  }

  /// Where the value begins in a line.
  public int valueStart() {
    return name.length() + 2;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Header that && name.equals(that.name) && value.equals(that.value);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, value);
  }

  @Override
  public String toString() {
    return name + ": " + value;
  }

  private static boolean isPlain(String text) {
    return text.chars().allMatch(c -> c >= 0x20 && c < 0x7f);
  }

  private static String lowerCase(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if ((c >= 'A' && c <= 'Z') || c > 0x7f) {
        return name.toLowerCase(Locale.ROOT);
      }
    }
    return name; // as almost always: nothing is copied
  }
}
