package dev.loopgate.capture;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// An exchange from head to ending, as the proxy leads it.
final class LifecycleTest {
  private static final long START_MILLIS = 1_798_106_400_000L;
  private static final long START_NANOS = 5_000;
  private static final Target TARGET =
      new Target("wine", "wine", "127.0.0.1:5000", new ModelIdentity("Wine", "1.0"));

  private final CaptureBuffers buffers = new CaptureBuffers(1 << 20);

  @Test
  void aCompleteExchangeHasAllFactsOfBothDirections() {
    Requesting requesting = requesting();
    requesting.body().copyFrom(utf8("question"));
    Responding responding =
        requesting.responseStarted(
            new ResponseHead(200, List.of(new Header("a", "b"))),
            new BodyCapture(buffers, 100),
            "br",
            START_NANOS + 300);
    responding.body().copyFrom(utf8("answer"));

    Prediction entry =
        responding.end(
            Ending.COMPLETE,
            TARGET,
            true,
            true,
            70,
            new GrpcStatus(5, "no such model"),
            START_MILLIS + 2,
            START_NANOS + 2_000_000);

    assertThat(entry.requestId()).isEqualTo(new RequestId("id-1"));
    assertThat(entry.externalRequestId()).isEqualTo("x-1");
    assertThat(entry.traceId()).isEqualTo("trace-1");
    assertThat(entry.requestIdReplaced()).isTrue();
    assertThat(entry.model()).isEqualTo(new ModelIdentity("Wine", "1.0"));
    assertThat(entry.kind()).isEqualTo(EntryKind.PREDICTION);
    assertThat(entry.timeMillis()).as("the end decides the hour").isEqualTo(START_MILLIS + 2);
    assertThat(entry.timing())
        .isEqualTo(new Timing(START_MILLIS, START_MILLIS + 2, 2_000_000, 300, 70));
    assertThat(entry.requestBody().copyKept()).isEqualTo("question".getBytes(UTF_8));
    assertThat(entry.requestBody().contentEncoding()).isEqualTo("gzip");
    assertThat(entry.responseBody().copyKept()).isEqualTo("answer".getBytes(UTF_8));
    assertThat(entry.responseBody().contentEncoding()).isEqualTo("br");
    assertThat(entry.response().status()).isEqualTo(200);
    assertThat(entry.grpc()).isEqualTo(new GrpcStatus(5, "no such model"));
    responding.release();
    responding.release();
    assertThat(buffers.bytesInUse()).isZero();
  }

  @Test
  void anExchangeWithoutAResponseSaysSo() {
    Requesting requesting = requesting();
    requesting.body().copyFrom(utf8("que"));

    Prediction entry =
        requesting.end(Ending.CLIENT_LEFT, TARGET, false, START_MILLIS + 1, START_NANOS + 9);

    assertThat(entry.response()).isEqualTo(ResponseHead.NONE);
    assertThat(entry.response().status()).isZero();
    assertThat(entry.responseBody()).isEqualTo(Body.EMPTY);
    assertThat(entry.timing().firstByteNanos()).isEqualTo(Timing.NONE);
    assertThat(entry.requestBody().truncated()).isTrue();
    requesting.release();
    assertThat(buffers.bytesInUse()).isZero();
  }

  @Test
  void aCompleteAnswerEndsTheExchangeWhileItsRequestStillArrives() {
    Requesting requesting = requesting();
    requesting.body().copyFrom(utf8("the first part"));
    Responding responding =
        requesting.responseStarted(
            new ResponseHead(413, List.of()), new BodyCapture(buffers, 100), "", START_NANOS);

    Prediction entry =
        responding.end(
            Ending.COMPLETE,
            TARGET,
            false,
            true,
            Timing.NONE,
            GrpcStatus.NONE,
            START_MILLIS,
            START_NANOS);
    requesting.body().copyFrom(utf8(", and the rest"));

    assertThat(entry.requestBody().size()).isEqualTo(14);
    assertThat(entry.requestBody().truncated()).isTrue();
    assertThat(entry.responseBody().truncated()).isFalse();
  }

  @Test
  void withoutBodiesEveryOtherFactStays() {
    Requesting requesting = requesting();
    requesting.body().copyFrom(utf8("question"));
    Prediction whole = requesting.end(Ending.TIMED_OUT, TARGET, true, START_MILLIS, START_NANOS);

    Prediction cut = whole.withoutBodies();

    assertThat(cut.requestBody()).isEqualTo(new Body(List.of(), 8, true, "gzip"));
    assertThat(cut.responseBody()).as("nothing was taken from it").isEqualTo(Body.EMPTY);
    assertThat(cut.request()).isEqualTo(whole.request());
    assertThat(cut.timing()).isEqualTo(whole.timing());
  }

  @ParameterizedTest
  @EnumSource
  void everyEndingHasItsOwnWord(Ending ending) {
    assertThat(Ending.ofWord(ending.word())).isEqualTo(ending);
  }

  @Test
  void theWordsOfTheContract() {
    assertThat(Arrays.stream(Ending.values()).map(Ending::word))
        .containsExactly(
            "complete",
            "client_left",
            "model_unreachable",
            "model_reset",
            "timed_out",
            "held_too_long",
            "rejected",
            "gateway_stopped",
            "cut");
    assertThatIllegalArgumentException().isThrownBy(() -> Ending.ofWord("lost"));
  }

  @Test
  void theNumbersOnDiskAreThoseOfTheFirstDay() {
    assertThat(Arrays.stream(DropReason.values()).map(it -> it.number() + " " + it.word()))
        .startsWith(
            "0 ring_full",
            "1 spool_full",
            "2 spool_failed",
            "3 too_large",
            "4 gateway_killed",
            "5 not_observed")
        .hasSize(DropReason.COUNT)
        .doesNotHaveDuplicates();
    for (EntryKind kind : EntryKind.values()) {
      assertThat(EntryKind.ofNumber(kind.number())).isEqualTo(kind);
    }
    assertThat(EntryKind.FEEDBACK.number()).isEqualTo(1);
    assertThat(EntryKind.ACCESS_LOG.number()).isEqualTo(2);
    assertThatIllegalArgumentException().isThrownBy(() -> EntryKind.ofNumber(3));
  }

  @Test
  void aModelsNameAndVersionAreNeverEmpty() {
    assertThatIllegalArgumentException().isThrownBy(() -> new ModelIdentity("", "1"));
    assertThatIllegalArgumentException().isThrownBy(() -> new ModelIdentity("a", ""));
  }

  @Test
  void limitsNameWhatIsAllowed() {
    assertThat(CaptureLimits.DEFAULT.requestBytesMax()).isEqualTo(4 << 20);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new CaptureLimits(-1, 0))
        .withMessageContaining("request bytes: max=-1, allowed=0 to 12582912");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new CaptureLimits(0, CaptureLimits.BYTES_MAX + 1))
        .withMessageContaining("response bytes");
  }

  @Test
  void listsAreCopiedSoThatNobodyChangesAnEntry() {
    List<Header> headers = new ArrayList<>(List.of(new Header("a", "1")));
    ResponseHead head = new ResponseHead(200, headers);

    headers.clear();

    assertThat(head.headers()).containsExactly(new Header("a", "1"));
  }

  @Test
  void aFeedbackIsAnEntryOfItsArrival() {
    Feedback feedback =
        new Feedback(new RequestId("a"), new ModelIdentity("m", "1"), 7, "{}", "key");

    assertThat(feedback.kind()).isEqualTo(EntryKind.FEEDBACK);
    assertThat(feedback.timeMillis()).isEqualTo(7);
  }

  private Requesting requesting() {
    return new Requesting(
        new RequestId("id-1"),
        true,
        "x-1",
        "trace-1",
        new RequestHead("POST", "/", "h", "http", "/model/wine", "h", List.of()),
        START_MILLIS,
        START_NANOS,
        new BodyCapture(buffers, 100),
        "gzip");
  }

  private static ByteBuffer utf8(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }
}
