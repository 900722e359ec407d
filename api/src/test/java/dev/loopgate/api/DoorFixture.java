package dev.loopgate.api;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.TimeSource;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.spool.Appended;
import dev.loopgate.spool.ForceListener;
import dev.loopgate.spool.SpoolLane;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/// A door over a fleet of one, with a lane that keeps what it is given and forces when it is told
/// to.
final class DoorFixture implements SpoolLane {
  static final long ARRIVAL_MILLIS = 1_576_613_285_000L;
  static final int SLOT = 7;

  final List<Feedback> kept = new ArrayList<>();
  final List<ForceListener> waiting = new ArrayList<>();
  final List<ApiReply> replies = new ArrayList<>();
  Appended appended = Appended.ACCEPTED;
  private final FeedbackDoor door;

  DoorFixture() {
    this(FeedbackConfig.DEFAULT);
  }

  DoorFixture(FeedbackConfig config) {
    Model wine =
        Model.of(
            "wine",
            URI.create("http://127.0.0.1:5000"),
            Predictor.NONE,
            "/model/wine",
            null,
            null,
            1024);
    TimeSource time =
        new TimeSource() {
          @Override
          public long nanos() {
            return 0;
          }

          @Override
          public long epochMillis() {
            return ARRIVAL_MILLIS;
          }
        };
    door = new FeedbackDoor(config, Fleet.of(List.of(wine)), time, _ -> SLOT);
  }

  /// Sends `lines`: a request line (`POST /feedback`), headers (`a: b`), and behind an empty line
  /// the body.
  DoorFixture send(String... lines) {
    List<Header> headers = new ArrayList<>();
    int at = 1;
    for (; at < lines.length && !lines[at].isEmpty(); at++) {
      int colon = lines[at].indexOf(": ");
      headers.add(new Header(lines[at].substring(0, colon), lines[at].substring(colon + 2)));
    }
    byte[] body = at + 1 < lines.length ? lines[at + 1].getBytes(UTF_8) : new byte[0];
    return send(lines[0], headers, body, false);
  }

  DoorFixture send(String requestLine, List<Header> headers, byte[] body, boolean tooLarge) {
    int space = requestLine.indexOf(' ');
    String method = requestLine.substring(0, space);
    String target = requestLine.substring(space + 1);
    door.handle(new ApiRequest(method, target, headers, body, tooLarge), this, replies::add);
    return this;
  }

  /// The forced answer to one whole feedback to `/feedback` with this content type and body.
  String payloadOf(String contentType, byte[] body) {
    List<Header> headers =
        new ArrayList<>(headers("request-id: a", "model-name: m", "model-version: 1"));
    if (!contentType.isEmpty()) {
      headers.add(new Header("content-type", contentType));
    }
    send("POST /feedback", headers, body, false).force();
    return kept.isEmpty() ? "refused: " + answer() : kept.getLast().payloadJson();
  }

  String payloadOf(String contentType, String body) {
    return payloadOf(contentType, body.getBytes(UTF_8));
  }

  DoorFixture force() {
    List.copyOf(waiting).forEach(one -> one.forced(ForceListener.Outcome.DURABLE));
    waiting.clear();
    return this;
  }

  /// Status and body of the one reply.
  String answer() {
    assertThat(replies).hasSize(1);
    ApiReply reply = replies.getFirst();
    assertThat(reply.headers())
        .contains(new Header("content-type", "application/json; charset=utf-8"));
    return reply.status() + " " + new String(reply.body(), UTF_8);
  }

  static List<Header> headers(String... lines) {
    return List.of(lines).stream()
        .map(line -> new Header(line.split(": ", 2)[0], line.split(": ", 2)[1]))
        .toList();
  }

  /// Text as its UTF-8 bytes come in a head: one character each.
  static String onTheWire(String text) {
    return new String(text.getBytes(UTF_8), ISO_8859_1);
  }

  @Override
  public Appended appendForced(Feedback feedback, int slot, ForceListener listener) {
    assertThat(slot).isEqualTo(SLOT);
    if (appended == Appended.ACCEPTED) {
      kept.add(feedback);
      waiting.add(listener);
    }
    return appended;
  }

  @Override
  public void begun(EntryKind kind, int slot, long startMillis) {
    throw new AssertionError("a feedback's beginning is counted by appendForced");
  }

  @Override
  public Appended append(Prediction prediction, int slot) {
    throw new AssertionError("the feedback door appends no predictions");
  }

  @Override
  public Appended append(AccessRecord access, int slot) {
    throw new AssertionError("the feedback door appends no access log");
  }

  @Override
  public void sampledOut(EntryKind kind, int slot, long endMillis) {
    throw new AssertionError("a feedback is never sampled out");
  }

  @Override
  public void dropped(EntryKind kind, int slot, DropReason reason, long endMillis) {
    throw new AssertionError("the spool counts what it drops");
  }
}
