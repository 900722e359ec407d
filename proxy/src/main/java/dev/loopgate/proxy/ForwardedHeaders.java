package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.policy.RequestLine;
import java.util.List;

/// What models are told of the caller: takes off what is not believed, adds what the door knows.
final class ForwardedHeaders {
  private static final String IP_CHARACTERS = "0123456789abcdefABCDEF.:";

  private ForwardedHeaders() {}

  /// Changes `passed`, which has all headers of `request` that go on.
  static void tell(
      List<Header> passed, CallerRequest request, Edge edge, Caller caller, KnownHeaders known) {
    if (edge.believesAll()) {
      append(passed, request, edge, caller, known);
    } else {
      replace(passed, request, edge, caller, known);
    }
  }

  // All that was said stays, and we are one hop more.
  private static void append(
      List<Header> passed, CallerRequest request, Edge edge, Caller caller, KnownHeaders known) {
    switch (edge.forwarding()) {
      case X_FORWARDED ->
          addOurs(passed, before(passed, Claims.FORWARDED_FOR), request, caller, known);
      case FORWARDED ->
          addElement(passed, before(passed, Claims.FORWARDED), request, caller, known);
      case BOTH -> {
        addOurs(passed, before(passed, Claims.FORWARDED_FOR), request, caller, known);
        addElement(passed, before(passed, Claims.FORWARDED), request, caller, known);
      }
      case NONE -> {}
    }
  }

  private static void replace(
      List<Header> passed, CallerRequest request, Edge edge, Caller caller, KnownHeaders known) {
    Claims claims = Claims.of(request.headers(), edge);
    boolean standard = edge.forwarding() == Forwarding.FORWARDED;
    passed.removeIf(header ->
        Claims.isClaim(header.name())
            && (standard
                || !claims.believed()
                || header.name().equals(Claims.FORWARDED)
                || header.name().equals(Claims.FORWARDED_FOR)));
    StringBuilder chain = new StringBuilder();
    claims.chain().forEach(entry -> chain.append(entry).append(", "));
    switch (edge.forwarding()) {
      case X_FORWARDED -> addOurs(passed, chain.toString(), request, caller, known);
      case FORWARDED -> addElement(passed, chain.toString(), request, caller, known);
      case BOTH -> {
        String elements = elements(claims, passed);
        addOurs(passed, chain.toString(), request, caller, known);
        addElement(passed, elements, request, caller, known);
      }
      case NONE -> {
        if (!claims.chain().isEmpty()) {
          passed.add(known.of(Claims.FORWARDED_FOR, String.join(", ", claims.chain())));
        }
      }
    }
  }

  private static void addOurs(
      List<Header> passed,
      String before,
      CallerRequest request,
      Caller caller,
      KnownHeaders known) {
    passed.add(known.of(Claims.FORWARDED_FOR, before + caller.address()));
    if (RawHead.count(passed, Claims.FORWARDED_PROTO) == 0) {
      passed.add(known.of(Claims.FORWARDED_PROTO, schemeOf(caller)));
    }
    if (RawHead.count(passed, Claims.FORWARDED_HOST) == 0 && !request.host().isEmpty()) {
      passed.add(known.of(Claims.FORWARDED_HOST, request.host()));
    }
  }

  private static void addElement(
      List<Header> passed,
      String before,
      CallerRequest request,
      Caller caller,
      KnownHeaders known) {
    String host = request.host().isEmpty() ? "" : ";host=" + value(request.host());
    passed.add(
        known.of(
            Claims.FORWARDED,
            before + "for=" + node(caller.address()) + host + ";proto=" + schemeOf(caller)));
  }

  // What is believed of `x-forwarded-*`, as elements of `forwarded`: the first of them is the
  // caller's, and host and scheme are what it asked for.
  private static String elements(Claims claims, List<Header> passed) {
    StringBuilder elements = new StringBuilder();
    for (String entry : claims.chain()) {
      boolean first = elements.isEmpty();
      elements.append("for=").append(node(entry));
      if (first && !claims.host().isEmpty()) {
        elements.append(";host=").append(value(claims.host()));
      }
      String scheme = RawHead.first(passed, Claims.FORWARDED_PROTO);
      if (first && scheme != null && RequestLine.isToken(scheme)) {
        elements.append(";proto=").append(scheme);
      }
      elements.append(", ");
    }
    return elements.toString();
  }

  // A node of RFC 7239, section 6: addresses with a colon are quoted and in brackets.
  private static String node(String address) {
    if (address.isEmpty() || !address.chars().allMatch(c -> IP_CHARACTERS.indexOf(c) >= 0)) {
      return "unknown";
    }
    return address.indexOf(':') < 0 ? address : "\"[" + address + "]\"";
  }

  private static String value(String text) {
    return RequestLine.isToken(text)
        ? text
        : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private static String schemeOf(Caller caller) {
    return caller.isSecure() ? "https" : "http";
  }

  // Takes what stands there already out of the list, joined.
  private static String before(List<Header> passed, String name) {
    StringBuilder entries = new StringBuilder();
    passed.removeIf(header -> {
      if (!header.name().equals(name)) {
        return false;
      }
      if (!header.value().isEmpty()) {
        entries.append(header.value()).append(", ");
      }
      return true;
    });
    return entries.toString();
  }
}
