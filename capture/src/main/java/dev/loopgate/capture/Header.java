package dev.loopgate.capture;

import java.util.Locale;

/// One header line.
///
/// @param name lower case; upper case is lowered here, so that no rule is missed by its spelling
/// @param value as on the wire, without surrounding white space; bytes above 0x7f as ISO-8859-1
public record Header(String name, String value) {
  public Header {
    name = lowerCase(name);
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
