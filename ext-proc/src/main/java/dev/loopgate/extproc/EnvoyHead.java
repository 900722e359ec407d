package dev.loopgate.extproc;

import com.google.protobuf.ByteString;
import dev.loopgate.capture.Header;
import io.envoyproxy.envoy.config.core.v3.HeaderMap;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A head, or trailers, as Envoy tells of them: names in lower case, what HTTP/2 calls
/// pseudo-headers first. Immutable, any thread.
///
/// @param pseudo those that begin with `:`
/// @param headers all others, in the order of the wire; bytes above 0x7f as ISO-8859-1
/// @param bytes that all of it takes on the heap, about
record EnvoyHead(List<Header> pseudo, List<Header> headers, int bytes) {
  private static final Pattern STATUS = Pattern.compile("[1-9][0-9][0-9]");
  private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");
  private static final int HEADER_BYTES = 112; // the objects of one, without its characters

  static EnvoyHead of(HeaderMap map) {
    List<Header> pseudo = new ArrayList<>(4);
    List<Header> headers = new ArrayList<>(map.getHeadersCount());
    for (HeaderValue each : map.getHeadersList()) {
      Header header = new Header(each.getKey(), valueOf(each));
      (header.name().startsWith(":") ? pseudo : headers).add(header);
    }
    return of(pseudo, headers);
  }

  static EnvoyHead of(List<Header> pseudo, List<Header> headers) {
    return new EnvoyHead(pseudo, headers, bytes(pseudo) + bytes(headers));
  }

  private static int bytes(List<Header> headers) {
    int bytes = 0;
    for (int i = 0; i < headers.size(); i++) {
      Header header = headers.get(i);
      bytes += HEADER_BYTES + header.name().length() + header.value().length();
    }
    return bytes;
  }

  /// The first value of that name; empty when there is none.
  String first(String name) {
    String value = firstOrNull(name.startsWith(":") ? pseudo : headers, name);
    return value == null ? "" : value;
  }

  /// The status of a response; 0 when it says none.
  int status() {
    String status = first(":status");
    return STATUS.matcher(status).matches() ? Integer.parseInt(status) : 0;
  }

  /// The length that the head declares for its body; -1 when it declares none, or none that can be
  /// believed.
  long contentLength() {
    String length = first("content-length");
    return LENGTH.matcher(length).matches() ? Long.parseLong(length) : -1;
  }

  // Envoy writes one of the two, by the kind of message and by its version.
  private static String valueOf(HeaderValue header) {
    ByteString raw = header.getRawValue();
    return raw.isEmpty() ? header.getValue() : raw.toString(StandardCharsets.ISO_8859_1);
  }

  private static @Nullable String firstOrNull(List<Header> headers, String name) {
    for (int i = 0; i < headers.size(); i++) {
      if (headers.get(i).name().equals(name)) {
        return headers.get(i).value();
      }
    }
    return null;
  }
}
