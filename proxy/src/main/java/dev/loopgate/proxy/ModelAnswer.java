package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A model's response head, understood and found free of what could be understood otherwise.
///
/// @param reason the phrase behind the status, may be empty
/// @param headers all of them, in the order of the wire
/// @param framing of the body that follows
/// @param declaredLength `content-length`, also where no body follows; -1 when absent
/// @param persistent the model's connection can be used again
/// @param keepSeconds `Keep-Alive: timeout`, -1 when absent
/// @param hops names of headers that are meant for us only
record ModelAnswer(
    int status,
    String reason,
    List<Header> headers,
    BodyFraming framing,
    long declaredLength,
    boolean persistent,
    long keepSeconds,
    Set<String> hops) {

  /// Understands a head that answers a request with `method`, or says what is wrong with it.
  static Parsed<ModelAnswer> of(RawHead head, String method) {
    Integer minor = CallerRequest.minorOf(head.first());
    int status = statusOf(head.second());
    if (minor == null || status < 0 || status == 101) {
      return new Parsed.Refused<>(502, "the model's status line is malformed");
    }
    return switch (BodyFraming.of(head.headers(), minor, BodyFraming.UNTIL_CLOSE)) {
      case Parsed.Got<BodyFraming>(BodyFraming framing) ->
          new Parsed.Got<>(understood(head, status, minor, method, framing));
      case Parsed.Refused<BodyFraming>(int _, String reason) ->
          new Parsed.Refused<>(502, "of the model: " + reason);
      case Parsed.More<BodyFraming> _ -> new Parsed.More<>();
    };
  }

  /// A head that comes before the answer.
  boolean isInterim() {
    return status < 200;
  }

  private static ModelAnswer understood(
      RawHead head, int status, int minor, String method, BodyFraming framing) {
    Set<String> hops = Hops.namedIn(head.headers());
    boolean bodiless = status < 200 || status == 204 || status == 304 || method.equals("HEAD");
    BodyFraming actual = bodiless ? BodyFraming.NONE : framing;
    boolean persistent =
        actual.kind() != BodyFraming.Kind.UNTIL_CLOSE
            && !hops.contains("close")
            && (minor == 1 || hops.contains("keep-alive"));
    long declared = framing.kind() == BodyFraming.Kind.LENGTH ? framing.length() : -1;
    return new ModelAnswer(
        status,
        head.third(),
        head.headers(),
        actual,
        declared,
        persistent,
        keepSeconds(RawHead.first(head.headers(), "keep-alive")),
        hops);
  }

  private static int statusOf(String text) {
    if (text.length() != 3) {
      return -1;
    }
    int status = 0;
    for (int i = 0; i < 3; i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      status = status * 10 + digit;
    }
    return status < 100 ? -1 : status;
  }

  private static long keepSeconds(@Nullable String keepAlive) {
    if (keepAlive == null) {
      return -1;
    }
    for (String parameter : keepAlive.split(",", -1)) {
      String text = parameter.strip();
      if (text.matches("(?i)timeout=[0-9]{1,9}")) {
        return Long.parseLong(text.substring("timeout=".length()));
      }
    }
    return -1;
  }
}
