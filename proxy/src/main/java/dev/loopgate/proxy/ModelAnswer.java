package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import java.util.List;
import java.util.Locale;
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
  ///
  /// @param switches the request asked for another protocol: then 101 is an answer, whose body goes
  ///   to the connection's end
  static Parsed<ModelAnswer> of(RawHead head, String method, boolean switches) {
    Integer minor = CallerRequest.minorOf(head.first());
    int status = statusOf(head.second());
    if (minor == null || status < 0 || (status == 101 && !switches)) {
      return new Parsed.Refused<>(502, "the model's status line is malformed");
    }
    if (status == 101) {
      String to = RawHead.first(head.headers(), "upgrade");
      return to == null || to.toLowerCase(Locale.ROOT).contains("h2c")
          ? new Parsed.Refused<>(502, "the model switches to what nobody asked for")
          : new Parsed.Got<>(switching(head));
    }
    return switch (BodyFraming.of(head.headers(), minor, BodyFraming.UNTIL_CLOSE)) {
      case Parsed.Got<BodyFraming>(BodyFraming framing) ->
          new Parsed.Got<>(understood(head, status, minor, method, framing));
      case Parsed.Refused<BodyFraming>(int _, String reason) ->
          new Parsed.Refused<>(502, "of the model: " + reason);
      case Parsed.More<BodyFraming> _ -> new Parsed.More<>();
    };
  }

  /// Understands the head of an answer in HTTP/2.
  ///
  /// @param headers without pseudo-headers
  /// @param ended no body follows
  static Parsed<ModelAnswer> ofHttp2(
      int status, List<Header> headers, boolean ended, String method) {
    BodyFraming absent = ended ? BodyFraming.NONE : BodyFraming.CHUNKED;
    return switch (BodyFraming.of(headers, 1, absent)) {
      case Parsed.Got<BodyFraming>(BodyFraming framing) -> {
        RawHead head = new RawHead("", "", Reasons.of(status), headers);
        ModelAnswer got = understood(head, status, 1, method, framing);
        if (ended && !got.framing().isEmpty() && framing.kind() == BodyFraming.Kind.LENGTH) {
          yield new Parsed.Refused<>(502, "of the model: less than content-length");
        }
        yield new Parsed.Got<>(ended ? got.withoutBody() : got);
      }
      case Parsed.Refused<BodyFraming>(int _, String reason) ->
          new Parsed.Refused<>(502, "of the model: " + reason);
      case Parsed.More<BodyFraming> _ -> new Parsed.More<>();
    };
  }

  /// A head that comes before the answer.
  boolean isInterim() {
    return status < 200 && !isSwitch();
  }

  /// From here on the connection speaks what both sides agreed on.
  boolean isSwitch() {
    return status == 101;
  }

  private ModelAnswer withoutBody() {
    return new ModelAnswer(
        status, reason, headers, BodyFraming.NONE, declaredLength, persistent, keepSeconds, hops);
  }

  private static ModelAnswer switching(RawHead head) {
    return new ModelAnswer(
        101,
        head.third(),
        head.headers(),
        BodyFraming.UNTIL_CLOSE,
        -1,
        false,
        -1,
        Hops.namedIn(head.headers()));
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
