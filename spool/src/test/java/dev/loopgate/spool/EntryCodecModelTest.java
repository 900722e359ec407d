package dev.loopgate.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.Body;
import dev.loopgate.capture.Entry;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.Timing;
import dev.loopgate.proto.v1.AccessMessage;
import dev.loopgate.proto.v1.BodyMessage;
import dev.loopgate.proto.v1.EntryMessage;
import dev.loopgate.proto.v1.FeedbackMessage;
import dev.loopgate.proto.v1.HeaderMessage;
import dev.loopgate.proto.v1.PredictionMessage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The hand-written encoder against the generated one.
final class EntryCodecModelTest {
  private final EncodedEntry encoded = new EncodedEntry();

  static LongStream seeds() {
    return LongStream.range(0, 200);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void encodesWhatTheGeneratedCodeWouldAndReadsItBack(long seed) throws IOException {
    Random random = new Random(seed);
    Entry entry =
        switch (random.nextInt(3)) {
          case 0 -> Entries.anyPrediction(random);
          case 1 -> Entries.anyFeedback(random);
          default -> Entries.anyAccess(random);
        };

    assertThat(EntryCodec.encode(entry, encoded, RingLane.ENTRY_BYTES_MAX)).isTrue();
    byte[] bytes = copied(0, encoded.length());

    assertThat(bytes).as("seed=%d", seed).isEqualTo(generated(entry).toByteArray());
    assertThat(plain(EntryCodec.decode(ByteBuffer.wrap(bytes))))
        .as("seed=%d", seed)
        .isEqualTo(plain(entry));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void copiesAnySliceOfTheEntry(long seed) {
    Random random = new Random(seed);
    EntryCodec.encode(Entries.anyPrediction(random), encoded, RingLane.ENTRY_BYTES_MAX);
    byte[] whole = copied(0, encoded.length());

    for (int i = 0; i < 20; i++) {
      int from = random.nextInt(whole.length);
      int count = random.nextInt(whole.length - from + 1);
      assertThat(copied(from, count))
          .as("seed=%d, from=%d, count=%d", seed, from, count)
          .isEqualTo(java.util.Arrays.copyOfRange(whole, from, from + count));
    }
  }

  @Test
  void refusesWhatIsLargerThanTheLimitByOneByte() {
    Prediction prediction = Entries.prediction("a", 1_000, 5_000, 5_000);
    EntryCodec.encode(prediction, encoded, RingLane.ENTRY_BYTES_MAX);
    int length = encoded.length();

    assertThat(EntryCodec.encode(prediction, encoded, length)).isTrue();
    assertThat(EntryCodec.encode(prediction, encoded, length - 1)).isFalse();
    assertThat(EntryCodec.encode(prediction, encoded, 100)).isFalse();
  }

  @Test
  void readsNothingFromBytesThatAreNoEntry() {
    assertThatThrownBy(() -> EntryCodec.decode(ByteBuffer.wrap(new byte[0])))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> EntryCodec.decode(ByteBuffer.wrap(new byte[] {10, 9, 1})))
        .isInstanceOf(IOException.class);
    byte[] withoutId = {10, 0};
    assertThatThrownBy(() -> EntryCodec.decode(ByteBuffer.wrap(withoutId)))
        .isInstanceOf(IOException.class);
  }

  private byte[] copied(int from, int count) {
    byte[] bytes = new byte[count];
    encoded.copyTo(MemorySegment.ofArray(bytes), 0, from, count);
    return bytes;
  }

  // Bodies as bytes: pieces differ, what they hold must not.
  private static List<Object> plain(Entry entry) {
    return switch (entry) {
      case Feedback feedback -> List.of(feedback);
      case AccessRecord access -> List.of(access);
      case Prediction p ->
          List.of(
              p.withoutBodies().requestId(),
              p.requestIdReplaced(),
              p.externalRequestId(),
              p.target(),
              p.request(),
              p.response(),
              p.ending(),
              p.timing(),
              plain(p.requestBody()),
              plain(p.responseBody()));
    };
  }

  private static List<Object> plain(Body body) {
    return List.of(
        ByteString.copyFrom(body.copyKept()),
        body.size(),
        body.truncated(),
        body.contentEncoding());
  }

  private static EntryMessage generated(Entry entry) {
    return switch (entry) {
      case Prediction prediction ->
          EntryMessage.newBuilder().setPrediction(generated(prediction)).build();
      case Feedback f ->
          EntryMessage.newBuilder()
              .setFeedback(
                  FeedbackMessage.newBuilder()
                      .setRequestId(f.requestId().value())
                      .setModelName(f.model().name())
                      .setModelVersion(f.model().version())
                      .setTimeMs(f.timeMillis())
                      .setPayloadJson(f.payloadJson())
                      .setIdempotencyKey(f.idempotencyKey()))
              .build();
      case AccessRecord access -> EntryMessage.newBuilder().setAccess(generated(access)).build();
    };
  }

  private static AccessMessage generated(AccessRecord a) {
    AccessMessage.Builder message =
        AccessMessage.newBuilder()
            .setRequestId(a.requestId().value())
            .setRequestIdReplaced(a.requestIdReplaced())
            .setXRequestId(a.externalRequestId())
            .setModelName(a.model().name())
            .setModelVersion(a.model().version())
            .setDeployment(a.target().deployment())
            .setRoute(a.target().route())
            .setReplica(a.target().replica())
            .setAttempts(a.target().attempts())
            .setMethod(a.request().method())
            .setPath(a.request().path())
            .setAuthority(a.request().authority())
            .setScheme(a.request().scheme())
            .setUri(a.request().uri())
            .setHost(a.request().host())
            .addAllRequestHeaders(generated(a.request().headers()))
            .setRequestSize(a.sizes().request())
            .setStatus(a.response().status())
            .addAllResponseHeaders(generated(a.response().headers()))
            .setResponseSize(a.sizes().response())
            .setEnding(a.ending().word())
            .setStartTimeMs(a.timing().startMillis())
            .setEndTimeMs(a.timing().endMillis())
            .setDurationUs(a.timing().durationNanos() / 1000)
            .setProtocol(a.told().protocol())
            .setDetails(a.told().details())
            .setFlags(a.told().flags());
    if (a.timing().firstByteNanos() != Timing.NONE) {
      message.setFirstByteUs(a.timing().firstByteNanos() / 1000);
    }
    return message.build();
  }

  private static PredictionMessage generated(Prediction p) {
    PredictionMessage.Builder message =
        PredictionMessage.newBuilder()
            .setRequestId(p.requestId().value())
            .setRequestIdReplaced(p.requestIdReplaced())
            .setXRequestId(p.externalRequestId())
            .setTraceId(p.traceId())
            .setModelName(p.model().name())
            .setModelVersion(p.model().version())
            .setDeployment(p.target().deployment())
            .setRoute(p.target().route())
            .setReplica(p.target().replica())
            .setAttempts(p.target().attempts())
            .setMethod(p.request().method())
            .setPath(p.request().path())
            .setAuthority(p.request().authority())
            .setScheme(p.request().scheme())
            .setUri(p.request().uri())
            .setHost(p.request().host())
            .addAllRequestHeaders(generated(p.request().headers()))
            .setRequestBody(generated(p.requestBody()))
            .setStatus(p.response().status())
            .addAllResponseHeaders(generated(p.response().headers()))
            .setResponseBody(generated(p.responseBody()))
            .setEnding(p.ending().word())
            .setStartTimeMs(p.timing().startMillis())
            .setEndTimeMs(p.timing().endMillis())
            .setDurationUs(p.timing().durationNanos() / 1000);
    if (p.timing().firstByteNanos() != Timing.NONE) {
      message.setFirstByteUs(p.timing().firstByteNanos() / 1000);
    }
    if (p.timing().gapMaxNanos() != Timing.NONE) {
      message.setGapMaxUs(p.timing().gapMaxNanos() / 1000);
    }
    if (p.grpc().isPresent()) {
      message.setGrpcStatus(p.grpc().code()).setGrpcMessage(p.grpc().message());
    }
    return message.build();
  }

  private static List<HeaderMessage> generated(List<Header> headers) {
    return headers.stream()
        .map(h -> HeaderMessage.newBuilder().setName(h.name()).setValue(h.value()).build())
        .toList();
  }

  private static BodyMessage generated(Body body) {
    return BodyMessage.newBuilder()
        .setKept(ByteString.copyFrom(body.copyKept()))
        .setSize(body.size())
        .setTruncated(body.truncated())
        .setContentEncoding(body.contentEncoding())
        .build();
  }
}
