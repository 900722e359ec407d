package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Header;
import dev.loopgate.capture.RequestHead;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a model is told, and the record says, of a caller at `unknown` (there is no socket here)
/// who asks for `d`, over plain HTTP.
@ExtendWith(LeakFree.class)
final class ForwardedHeadersTest {
  private static RequestHead ask(int hops, Forwarding forwarding, String headers) {
    Edge edge = new Edge(Edge.ProxyProtocol.OFF, List.of(), hops, forwarding, Edge.Trace.PASS);
    EmbeddedDoor door = new EmbeddedDoor(List.of(EmbeddedDoor.wine()), List.of(), 1 << 20, edge);
    door.send(
        EmbeddedDoor.http("GET /model/wine/x HTTP/1.1~host: d~request-id: 1~" + headers + "~"));
    String asked = door.asked(0);
    door.answer(0, EmbeddedDoor.http("HTTP/1.1 204 None~~"));
    RequestHead kept = door.only().prediction().request();
    for (Header header : kept.headers()) {
      assertThat(asked).contains(header.name() + ": " + header.value() + "\r\n");
    }
    return kept;
  }

  private static String forwardedIn(RequestHead head) {
    return head.headers().stream()
        .filter(header -> Claims.isClaim(header.name()))
        .map(Header::toString)
        .sorted()
        .reduce((a, b) -> a + " + " + b)
        .orElse("");
  }

  private static int hops(String text) {
    return text.equals("all") ? Edge.ALL_HOPS : Integer.parseInt(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // hops | in front said (x-forwarded-for) | the model is told
        "all | ''            | unknown",
        "all | 9.9.9.9       | 9.9.9.9, unknown",
        "0   | 9.9.9.9       | unknown",
        "1   | ''            | unknown",
        "1   | 1.1.1.1       | 1.1.1.1, unknown",
        "1   | 9.9.9.9, 1.1.1.1 | 1.1.1.1, unknown",
        "1   | 9.9.9.9~x-forwarded-for: 1.1.1.1 | 1.1.1.1, unknown",
        "1   | '\", 1.1.1.1' | 1.1.1.1, unknown",
        "1   | '9.9.9.9,,1.1.1.1 ,' | 1.1.1.1, unknown",
        "2   | 9.9.9.9, 1.1.1.1, 2.2.2.2 | 1.1.1.1, 2.2.2.2, unknown",
        "2   | 1.1.1.1, 2.2.2.2 | 1.1.1.1, 2.2.2.2, unknown",
        "2   | 2.2.2.2       | unknown",
        "16  | 2.2.2.2       | unknown"
      })
  void asManyEntriesAreBelievedAsProxiesAreTrusted(String hops, String said, String told) {
    String header = said.isEmpty() ? "" : "x-forwarded-for: " + said + "~";

    RequestHead head = ask(hops(hops), Forwarding.X_FORWARDED, header);

    assertThat(forwardedIn(head))
        .isEqualTo("x-forwarded-for: " + told + " + x-forwarded-host: d + x-forwarded-proto: http");
  }

  @Test
  void hostSchemeAndOriginalUriAreBelievedFromTrustedProxiesOnly() {
    String said =
        "x-forwarded-for: 1.1.1.1~x-forwarded-host: evil~x-forwarded-proto: https~x-real-ip: 9.9.9.9~"
            + "x-forwarded-port: 1~forwarded: for=9.9.9.9~x-original-uri: /before~";

    RequestHead believed = ask(1, Forwarding.X_FORWARDED, said);
    RequestHead refused = ask(0, Forwarding.X_FORWARDED, said);
    RequestHead tooShort = ask(2, Forwarding.X_FORWARDED, said);
    RequestHead everything = ask(Edge.ALL_HOPS, Forwarding.X_FORWARDED, said);

    assertThat(forwardedIn(believed))
        .isEqualTo(
            "x-forwarded-for: 1.1.1.1, unknown + x-forwarded-host: evil + x-forwarded-port: 1"
                + " + x-forwarded-proto: https + x-real-ip: 9.9.9.9");
    assertThat(believed.host()).isEqualTo("evil");
    assertThat(believed.uri()).isEqualTo("/before");
    for (RequestHead head : List.of(refused, tooShort)) {
      assertThat(forwardedIn(head))
          .isEqualTo("x-forwarded-for: unknown + x-forwarded-host: d + x-forwarded-proto: http");
      assertThat(head.host()).isEqualTo("d");
      assertThat(head.uri()).isEqualTo("/model/wine/x");
    }
    assertThat(forwardedIn(everything)).contains("forwarded: for=9.9.9.9", "x-real-ip: 9.9.9.9");
    assertThat(everything.host()).isEqualTo("evil");
    assertThat(everything.uri()).isEqualTo("/before");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "all | for=9.9.9.9;host=e | for=9.9.9.9;host=e, for=unknown;host=d;proto=http | d",
        "0   | for=9.9.9.9;host=e | for=unknown;host=d;proto=http                     | d",
        "1   | for=9.9.9.9;host=e | for=9.9.9.9;host=e, for=unknown;host=d;proto=http | e",
        "1   | for=8.8.8.8, For=\"[::1]:9\";Host=\"a,b;c\\\"\" | For=\"[::1]:9\";Host=\"a,b;c\\\"\", for=unknown;host=d;proto=http | a,b;c\"",
        "1   | for=\", for=1.1.1.1 | for=1.1.1.1, for=unknown;host=d;proto=http       | d",
        "1   | for=\"a            | for=unknown;host=d;proto=http                     | d",
        "2   | for=1.1.1.1;host=e~forwarded: for=2.2.2.2;host=f | for=1.1.1.1;host=e, for=2.2.2.2;host=f, for=unknown;host=d;proto=http | e"
      })
  void theStandardHeaderIsReadAndWrittenInstead(
      String hops, String said, String told, String host) {
    RequestHead head =
        ask(hops(hops), Forwarding.FORWARDED, "forwarded: " + said + "~x-forwarded-for: 7.7.7.7~");

    String kept = hops.equals("all") ? " + x-forwarded-for: 7.7.7.7" : "";
    assertThat(forwardedIn(head)).isEqualTo("forwarded: " + told + kept);
    assertThat(head.host()).isEqualTo(host);
  }

  @Test
  void whatIsBelievedGoesOnInBothHeaders() {
    String said =
        "x-forwarded-for: 9.9.9.9, 2001:db8::1, _hidden~x-forwarded-proto: https~x-forwarded-host: e:1~"
            + "forwarded: for=9.9.9.9~";

    RequestHead head = ask(2, Forwarding.BOTH, said);
    RequestHead all = ask(Edge.ALL_HOPS, Forwarding.BOTH, said);

    assertThat(forwardedIn(head))
        .isEqualTo(
            "forwarded: for=\"[2001:db8::1]\";host=\"e:1\";proto=https, for=unknown, for=unknown;host=d;proto=http"
                + " + x-forwarded-for: 2001:db8::1, _hidden, unknown + x-forwarded-host: e:1 + x-forwarded-proto: https");
    assertThat(forwardedIn(all))
        .startsWith(
            "forwarded: for=9.9.9.9, for=unknown;host=d;proto=http + x-forwarded-for: 9.9.9.9, ");
  }

  @Test
  void nothingIsAddedWhereNothingIsToBeTold() {
    String said = "x-forwarded-for: 9.9.9.9, 1.1.1.1~x-forwarded-host: e~forwarded: for=9.9.9.9~";

    assertThat(forwardedIn(ask(0, Forwarding.NONE, said))).isEmpty();
    assertThat(forwardedIn(ask(1, Forwarding.NONE, said)))
        .isEqualTo("x-forwarded-for: 1.1.1.1 + x-forwarded-host: e");
    assertThat(forwardedIn(ask(Edge.ALL_HOPS, Forwarding.NONE, said)))
        .isEqualTo(
            "forwarded: for=9.9.9.9 + x-forwarded-for: 9.9.9.9, 1.1.1.1 + x-forwarded-host: e");
  }
}
