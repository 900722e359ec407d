package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What the proxies in front of the door say of the caller, as far as they are believed.
///
/// Each of them adds whom it was called by to the end of a list. So of N trusted proxies the last N
/// entries are true, whatever a caller wrote before them. A list that is shorter did not come
/// through all of them: nothing of it is believed.
///
/// @param believed whether what else these proxies say is believed, too
/// @param chain entries that are believed, the caller's first
/// @param host the authority that the caller asked for; empty where nobody says
record Claims(boolean believed, List<String> chain, String host) {
  static final String FORWARDED = "forwarded";
  static final String FORWARDED_FOR = "x-forwarded-for";
  static final String FORWARDED_PROTO = "x-forwarded-proto";
  static final String FORWARDED_HOST = "x-forwarded-host";
  private static final Claims NONE = new Claims(false, List.of(), "");

  Claims {
    chain = List.copyOf(chain);
  }

  /// Of all headers of a request, at a door where not everything is believed.
  static Claims of(List<Header> headers, Edge edge) {
    boolean standard = edge.forwarding() == Forwarding.FORWARDED;
    int hops = edge.trustedHops();
    List<String> chain = lastOf(headers, standard ? FORWARDED : FORWARDED_FOR, hops);
    if (hops == 0 || chain.size() < hops) {
      return NONE;
    }
    String host = standard ? hostIn(chain.getFirst()) : RawHead.first(headers, FORWARDED_HOST);
    return new Claims(true, chain, host == null ? "" : host);
  }

  /// The header that [#host] is taken from.
  static String hostSource(Edge edge) {
    return edge.forwarding() == Forwarding.FORWARDED ? FORWARDED : FORWARDED_HOST;
  }

  /// Whether a header with this name is such a claim.
  static boolean isClaim(String name) {
    return name.startsWith("x-forwarded-") || name.equals(FORWARDED) || name.equals("x-real-ip");
  }

  // The last entries of all headers of that name. Read from the end: what a caller wrote before the
  // entries of the proxies, a quotation mark for one, can't hide these.
  private static List<String> lastOf(List<Header> headers, String name, int count) {
    StringBuilder joined = new StringBuilder();
    for (Header header : headers) {
      if (header.name().equals(name)) {
        joined.append(joined.isEmpty() ? "" : ", ").append(header.value());
      }
    }
    return parts(joined.toString(), ',', name.equals(FORWARDED), count);
  }

  private static List<String> parts(String text, char separator, boolean quotes, int count) {
    List<String> parts = new ArrayList<>();
    boolean quoted = false;
    int to = text.length();
    for (int i = to - 1; i >= 0 && parts.size() < count; i--) {
      char c = text.charAt(i);
      if (quotes && c == '"' && !isEscaped(text, i)) {
        quoted = !quoted;
      } else if (c == separator && !quoted) {
        add(text.substring(i + 1, to), parts);
        to = i;
      }
    }
    if (parts.size() < count && !quoted) {
      add(text.substring(0, to), parts);
    }
    return parts.reversed();
  }

  private static void add(String part, List<String> to) {
    if (!part.isBlank()) {
      to.add(part.strip());
    }
  }

  private static boolean isEscaped(String text, int at) {
    int before = at;
    while (before > 0 && text.charAt(before - 1) == '\\') {
      before--;
    }
    return (at - before) % 2 == 1;
  }

  // Of an element of `forwarded`.
  private static String hostIn(String element) {
    for (String pair : parts(element, ';', true, Integer.MAX_VALUE)) {
      if (pair.toLowerCase(Locale.ROOT).startsWith("host=")) {
        String value = pair.substring("host=".length());
        boolean quoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
        return quoted ? value.substring(1, value.length() - 1).replaceAll("\\\\(.)", "$1") : value;
      }
    }
    return "";
  }
}
