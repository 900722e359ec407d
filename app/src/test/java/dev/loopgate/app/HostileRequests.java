package dev.loopgate.app;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// What no good caller sends, and what the gateway answers to it.
final class HostileRequests {
  /// The connection is closed without an answer.
  static final int CLOSED = 0;

  /// One of them.
  ///
  /// @param name for people
  /// @param bytes one character a byte; `{id}` stands for a Request-Id of its own
  /// @param statuses the allowed ones of the first answer
  record Hostile(String name, String bytes, Set<Integer> statuses) {}

  private static final String HEAD = "POST /model/m/x HTTP/1.1\r\nhost: t\r\nrequest-id: {id}\r\n";
  private static final String FEEDBACK =
      "POST /feedback HTTP/1.1\r\nhost: t\r\nrequest-id: {id}\r\ncontent-type: application/json\r\n";

  private final List<Hostile> all = new ArrayList<>();

  private HostileRequests() {}

  /// All of them.
  static List<Hostile> all() {
    HostileRequests requests = new HostileRequests();
    requests.lengths();
    requests.codings();
    requests.chunks();
    requests.headers();
    requests.startLines();
    requests.sizes();
    requests.otherProtocols();
    requests.paths();
    requests.feedbackNames();
    requests.feedbackBodies();
    requests.ids();
    return List.copyOf(requests.all);
  }

  private void add(String name, String bytes, Integer... statuses) {
    all.add(new Hostile(name, bytes, Set.of(statuses)));
  }

  private void length(String name, String headers) {
    add("length: " + name, HEAD + headers + "\r\n\r\nhello", 400);
  }

  private void lengths() {
    length("two that differ", "content-length: 5\r\ncontent-length: 6");
    length("two alike", "content-length: 5\r\ncontent-length: 5");
    length("a list", "content-length: 5, 5");
    length("with a sign", "content-length: +5");
    length("negative", "content-length: -1");
    length("hexadecimal", "content-length: 0x5");
    length("two numbers", "content-length: 5 5");
    length("empty", "content-length:");
    length("beyond 64 bits", "content-length: 99999999999999999999");
    length("a fraction", "content-length: 5.0");
    length("beside chunked", "content-length: 5\r\ntransfer-encoding: chunked");
    length("behind chunked", "transfer-encoding: chunked\r\ncontent-length: 5");
    add("length: more than comes", HEAD + "content-length: 50\r\n\r\nhello", CLOSED, 400);
  }

  private void coding(String name, String headers) {
    add("coding: " + name, HEAD + headers + "\r\n\r\n0\r\n\r\n", 400, 501);
  }

  private void codings() {
    coding("chunked twice", "transfer-encoding: chunked, chunked");
    coding("chunked in two headers", "transfer-encoding: chunked\r\ntransfer-encoding: chunked");
    coding("gzip only", "transfer-encoding: gzip");
    coding("chunked not last", "transfer-encoding: chunked, gzip");
    coding("identity behind", "transfer-encoding: chunked\r\ntransfer-encoding: identity");
    coding("a word like it", "transfer-encoding: xchunked");
    coding("with a vertical tab", "transfer-encoding: \u000bchunked");
    coding("a space before the colon", "transfer-encoding : chunked");
    coding("empty", "transfer-encoding:");
    coding("with quotes", "transfer-encoding: \"chunked\"");
    add(
        "coding: chunked in HTTP/1.0",
        "POST /model/m/x HTTP/1.0\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        501);
  }

  private void chunk(String name, String body, Integer... statuses) {
    add("chunk: " + name, HEAD + "transfer-encoding: chunked\r\n\r\n" + body, statuses);
  }

  private void chunks() {
    chunk("no number", "zz\r\nhello\r\n0\r\n\r\n", 400);
    chunk("negative", "-5\r\nhello\r\n0\r\n\r\n", 400);
    chunk("with 0x", "0x5\r\nhello\r\n0\r\n\r\n", 400);
    chunk("beyond 64 bits", "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n", 400);
    chunk("empty size", "\r\nhello\r\n0\r\n\r\n", 400);
    chunk("data longer than told", "3\r\nhello\r\n0\r\n\r\n", 400);
    chunk("bare LF behind the size", "5\nhello\r\n0\r\n\r\n", 400);
    chunk("bare LF behind the data", "5\r\nhello\n0\r\n\r\n", 400);
    chunk("an extension without an end", "5;" + "e".repeat(200_000) + "\r\nhello", 400, 431);
    chunk("an extension with NUL", "5;a=\0\r\nhello\r\n0\r\n\r\n", 400);
    chunk("folded trailer", "0\r\na: b\r\n c\r\n\r\n", 400);
    chunk("trailers without an end", "0\r\n" + "a: b\r\n".repeat(50_000) + "\r\n", 400, 431);
    chunk("no end", "5\r\nhello\r\n", CLOSED, 400);
  }

  private void header(String name, String header) {
    add("header: " + name, HEAD + header + "\r\ncontent-length: 0\r\n\r\n", 400);
  }

  private void headers() {
    header("folded", "a: b\r\n c");
    header("folded with a tab", "a: b\r\n\tc");
    header("bare CR in the value", "a: b\rc");
    header("NUL in the value", "a: b\0c");
    header("escape in the value", "a: \u001b[2J");
    header("DEL in the value", "a: \u007f");
    header("without a colon", "abc");
    header("without a name", ": b");
    header("a space in the name", "a b: c");
    header("a name beyond ASCII", "h\u00e9: c");
    header("control in the name", "a\u0001: c");
    header("parenthesis in the name", "a(: c");
    header("a second host", "host: u");
    add("header: bare LF", "POST /model/m/x HTTP/1.1\nhost: t\ncontent-length: 0\n\n", 400);
    add("header: no host", "GET /model/m/x HTTP/1.1\r\n\r\n", 400);
    add("header: folded at once", "GET /model/m/x HTTP/1.1\r\n host: t\r\n\r\n", 400);
    add("header: end in it", "GET /model/m/x HTTP/1.1\r\nhost: t\r\na: ", CLOSED, 400);
    add(
        "header: length named in connection",
        HEAD + "connection: content-length\r\ncontent-length: 5\r\n\r\nhello",
        200,
        400);
    add(
        "header: unknown expectation",
        HEAD + "expect: wonders\r\ncontent-length: 0\r\n\r\n",
        200,
        400,
        417);
  }

  private void line(String name, String line) {
    add("line: " + name, line + "\r\nhost: t\r\n\r\n", 400, 501, 505);
  }

  private void startLines() {
    line("no version", "GET /model/m/x");
    line("HTTP/2.0", "GET /model/m/x HTTP/2.0");
    line("HTTP/0.9", "GET /model/m/x HTTP/0.9");
    line("a tail behind the version", "GET /model/m/x HTTP/1.1 x");
    line("lower-case version", "GET /model/m/x http/1.1");
    line("no number", "GET /model/m/x HTTP/x");
    line("two spaces", "GET  /model/m/x HTTP/1.1");
    line("a tab", "GET\t/model/m/x HTTP/1.1");
    line("a space in front", " GET /model/m/x HTTP/1.1");
    line("a space in the target", "GET /model/m/x y HTTP/1.1");
    line("no method", " /model/m/x HTTP/1.1");
    line("a method that is no token", "G(T /model/m/x HTTP/1.1");
    line("NUL in the target", "GET /model/m/\0 HTTP/1.1");
    line("DEL in the target", "GET /model/m/\u007f HTTP/1.1");
    line("only a word", "GET");
    add("line: target without slash", "GET model/m HTTP/1.1\r\nhost: t\r\n\r\n", 400, 404);
    add("line: CONNECT", "CONNECT evil:443 HTTP/1.1\r\nhost: t\r\n\r\n", 400, 404, 405, 501);
    add("line: asterisk", "OPTIONS * HTTP/1.1\r\nhost: t\r\n\r\n", 200, 204, 400, 404, 405);
    add(
        "line: absolute",
        "GET http://evil/model/m/x HTTP/1.1\r\nhost: t\r\n\r\n",
        200,
        400,
        404,
        421);
    add("line: empty lines for ever", "\r\n".repeat(1000), 400);
  }

  private void sizes() {
    add("size: a head of 70 KiB", HEAD + "a: " + "b".repeat(70 << 10) + "\r\n\r\n", 431);
    add("size: a head of 4 MiB", HEAD + "a: " + "b".repeat(4 << 20) + "\r\n\r\n", 431);
    add("size: 10,000 headers", HEAD + "a: bcdefgh\r\n".repeat(10_000) + "\r\n", 431);
    add(
        "size: a target of 70 KiB",
        "GET /model/m/" + "x".repeat(70 << 10) + " HTTP/1.1\r\nhost: t\r\n\r\n",
        414,
        431);
    add("size: a name without an end", HEAD + "a".repeat(200_000), 400, 431);
    add("size: a method without an end", "A".repeat(200_000), 400, 431, 501);
  }

  private void otherProtocols() {
    add("other: HTTP/2 preface", "PRI * HTTP/2.0\r\nHost: d\r\n\r\nSM\r\n\r\n", 400, 505);
    add("other: TLS", "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003", 400, CLOSED);
    add("other: SSH", "SSH-2.0-OpenSSH_9.6\r\n\r\n", 400);
    add("other: bytes", "\u00ff\u00fe\u0000\u0001\u0080\r\n\r\n", 400);
    add("other: half a word", "GE", CLOSED, 400);
    add(
        "other: h2c upgrade",
        Rig.head(
            "GET /model/m/x HTTP/1.1",
            "host: t",
            "request-id: {id}",
            "connection: upgrade, http2-settings",
            "upgrade: h2c",
            "http2-settings: AAMAAAB!"), // not well-formed: answered in HTTP/1.1
        200);
  }

  private void path(String target, Integer... statuses) {
    add(
        "path: " + target,
        "GET " + target + " HTTP/1.1\r\nhost: t\r\nrequest-id: {id}\r\n\r\n",
        statuses);
  }

  private void paths() {
    path("/model/m/../../etc/passwd", 400);
    path("/model/m/..", 400);
    path("/model/m/%2e%2e/%2e%2e/etc", 400);
    path("/model/m/.%2E/x", 400);
    path("/model/m/..%2f..%2fetc", 200, 400);
    path("/model/m/..;/x", 200, 400);
    path("/model/m/..\\..\\x", 200, 400);
    path("/model/../healthz", 400, 404);
    path("/model/%2e%2e/metrics", 400, 404);
    path("/model/unknown/x", 404);
    path("/model/", 404);
    path("/model//x", 404);
    path("/modelm/x", 404);
    path("//model/m/x", 404);
    path("/model/m%00/x", 400, 404);
    path("/model/M/x", 404);
    path("/model/m/%zz", 200, 400);
    path("/model/m/x#y", 200, 400);
    path("/metrics/../model/m/x", 400, 404);
    path("/api/v1/../../etc", 400, 404);
    path("/" + "a/".repeat(10_000), 404, 400, 431);
  }

  private void name(String what, String name, String version, Integer... statuses) {
    add(
        "name: " + what,
        FEEDBACK
            + "model-name: %s\r\nmodel-version: %s\r\ncontent-length: 2\r\n\r\n{}"
                .formatted(name, version),
        statuses);
  }

  private void feedbackNames() {
    name("climbing", "../../../../../../tmp/loopgate-escaped", "1", 200);
    name("climbing version", "m", "../../../../../tmp/loopgate-escaped", 200);
    name("two dots", "..", "..", 200);
    name("one dot", ".", ".", 200);
    name("hidden", ".staging", ".x", 200);
    name("ours", "_manifest", "year=2026", 200);
    name("other", "(other)", "(other)", 200);
    name("absolute", "/etc/passwd", "/", 200);
    name("escaped dots", "%2e%2e%2f", "%2e%2e", 200);
    name("for a shell", "$(reboot);`id`|&*?<>'\"", "\\", 200);
    name("with a tab", "a\tb", "1", 200, 400);
    name("of 15 KB", "n".repeat(10_000), "v".repeat(5_000), 200, 400);
    name("UTF-8", "mod\u00c3\u00a8le", "\u00e2\u0082\u00ac", 200, 400);
    name("no UTF-8", "\u00ff\u00fe", "\u0080", 200, 400);
    name("only spaces", "   ", "1", 400);
    name("with NUL", "a\0b", "1", 400);
    name("with CR", "a\rb", "1", 400);
  }

  private void feedback(String what, String headers, String body, Integer... statuses) {
    add(
        "feedback: " + what,
        FEEDBACK
            + headers
            + "model-name: m\r\nmodel-version: 1\r\ncontent-length: %d\r\n\r\n%s"
                .formatted(body.length(), body),
        statuses);
  }

  private void feedbackBodies() {
    feedback("no JSON", "", "{\"a\":", 400);
    feedback("two values", "", "{} {}", 400);
    feedback("NaN", "", "NaN", 400);
    feedback("no UTF-8", "", "\"\u00ff\"", 400);
    feedback("nested 100,000 deep", "", "[".repeat(100_000), 400);
    feedback("closed 100,000 deep", "", "[".repeat(100_000) + "]".repeat(100_000), 200, 400);
    feedback("a number of 100,000 digits", "", "9".repeat(100_000), 200, 400);
    feedback("a name of 100,000 letters", "", "{\"" + "n".repeat(100_000) + "\":1}", 200, 400);
    feedback("an exponent without an end", "", "1e999999999", 200, 400);
    feedback("too large", "", "\"" + "a".repeat(2 << 20) + "\"", 413);
    feedback("a key with CR", "idempotency-key: a\rb\r\n", "{}", 400);
    feedback("a key of 10 KB", "idempotency-key: " + "k".repeat(10_000) + "\r\n", "{}", 200, 400);
    add("feedback: GET", "GET /feedback HTTP/1.1\r\nhost: t\r\n\r\n", 404);
    add(
        "feedback: climbing segments",
        "POST /api/model/../../feedback HTTP/1.1\r\nhost: t\r\nrequest-id: {id}\r\n"
            + "content-length: 2\r\n\r\n{}",
        200,
        400,
        404);
    add(
        "feedback: escaped segments",
        "POST /api/model/%2e%2e%2f%2e%2e/%2fetc/feedback HTTP/1.1\r\nhost: t\r\nrequest-id: {id}\r\n"
            + "content-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
        200,
        400,
        404);
    add(
        "feedback: percent without digits",
        Rig.head(
            "POST /feedback?a=%zz&%=b&&==&=c HTTP/1.1",
            "host: t",
            "request-id: {id}",
            "model-name: m",
            "model-version: 1",
            "content-length: 0"),
        200,
        400);
  }

  private void ids() {
    String rest = "content-length: 0\r\n\r\n";
    String line = "POST /model/m/x HTTP/1.1\r\nhost: t\r\nrequest-id: ";
    add("id: of 300 bytes", line + "i".repeat(300) + "\r\n" + rest, 200);
    add("id: beyond ASCII", line + "\u00ff\u00fe\r\n" + rest, 200);
    add("id: with a tab", line + "a\tb\r\n" + rest, 200);
    add("id: a path", line + "../../../tmp/x\r\n" + rest, 200);
    add(
        "id: feedback of 300 bytes",
        "POST /feedback HTTP/1.1\r\nhost: t\r\nrequest-id: " + "i".repeat(300) + "\r\n" + rest,
        400);
  }
}
