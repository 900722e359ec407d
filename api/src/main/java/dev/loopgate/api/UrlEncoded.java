package dev.loopgate.api;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Text of the wire (a byte a character, as HTTP heads come) and its percent-encoding. Nothing is
/// refused here: what is no encoding of UTF-8 text stays as it was written.
final class UrlEncoded {
  private UrlEncoded() {}

  /// The parameters of a form or query: names and values decoded, in the order of their first
  /// coming; values of an equal name in their order. A name without `=` has the empty value.
  static Map<String, List<String>> parameters(String wire) {
    Map<String, List<String>> parameters = new LinkedHashMap<>();
    int from = 0;
    while (from < wire.length()) {
      int next = wire.indexOf('&', from);
      int to = next < 0 ? wire.length() : next;
      if (to > from) {
        String pair = wire.substring(from, to);
        int equals = pair.indexOf('=');
        String name = equals < 0 ? pair : pair.substring(0, equals);
        String value = equals < 0 ? "" : pair.substring(equals + 1);
        parameters.computeIfAbsent(parameter(name), _ -> new ArrayList<>()).add(parameter(value));
      }
      from = to + 1;
    }
    return parameters;
  }

  /// One segment of a path, in which `+` is a plus; empty when it is no encoding of UTF-8 text.
  static Optional<String> segment(String wire) {
    return decode(bytes(wire), '+').flatMap(JsonText::utf8);
  }

  /// `wire` as the UTF-8 text that it is, else as it stands.
  static String text(String wire) {
    return JsonText.utf8(bytes(wire)).orElse(wire);
  }

  private static String parameter(String wire) {
    return decode(bytes(wire), ' ').flatMap(JsonText::utf8).orElseGet(() -> text(wire));
  }

  private static byte[] bytes(String wire) {
    boolean isOfBytes = wire.chars().allMatch(c -> c <= 0xff);
    return wire.getBytes(isOfBytes ? ISO_8859_1 : UTF_8);
  }

  private static Optional<byte[]> decode(byte[] encoded, char plus) {
    ByteArrayOutputStream decoded = new ByteArrayOutputStream(encoded.length);
    for (int i = 0; i < encoded.length; i++) {
      if (encoded[i] == '+') {
        decoded.write(plus);
      } else if (encoded[i] != '%') {
        decoded.write(encoded[i]);
      } else if (i + 2 < encoded.length
          && HexFormat.isHexDigit(encoded[i + 1])
          && HexFormat.isHexDigit(encoded[i + 2])) {
        decoded.write(
            HexFormat.fromHexDigit(encoded[i + 1]) << 4 | HexFormat.fromHexDigit(encoded[i + 2]));
        i += 2;
      } else {
        return Optional.empty();
      }
    }
    return Optional.of(decoded.toByteArray());
  }
}
