package dev.loopgate.spool;

import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.Body;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.GrpcStatus;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.RequestHead;
import dev.loopgate.capture.RequestId;
import dev.loopgate.capture.ResponseHead;
import dev.loopgate.capture.Target;
import dev.loopgate.capture.Timing;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Entries for tests: plain ones by name, arbitrary ones by seed.
final class Entries {
  static final ModelIdentity WINE = new ModelIdentity("wine-quality", "1.0");
  private static final String ALPHABET = "abc/=\"\\\n\u00e9\u20ac\u4e16\ud83c\udf77 ?&x";

  private Entries() {}

  /// A prediction of the model `wine-quality` whose bodies have these lengths.
  static Prediction prediction(String id, long timeMillis, int requestBytes, int responseBytes) {
    return new Prediction(
        new RequestId(id),
        false,
        "",
        "",
        new Target("wine", "wine", "127.0.0.1:1", WINE),
        new RequestHead("POST", "/invoke", "h", "http", "/model/wine/invoke", "h", List.of()),
        body(id.hashCode(), requestBytes),
        new ResponseHead(200, List.of(new Header("content-type", "application/json"))),
        body(id.hashCode() + 1, responseBytes),
        Ending.COMPLETE,
        new Timing(timeMillis - 5, timeMillis, 5_000_000, 4_000_000, Timing.NONE),
        GrpcStatus.NONE);
  }

  static Feedback feedback(String id, long timeMillis) {
    return new Feedback(new RequestId(id), WINE, timeMillis, "{\"quality\":5.50}", "");
  }

  /// What an access log says of an exchange with the model `wine-quality`.
  static AccessRecord access(String id, long timeMillis) {
    return new AccessRecord(
        new RequestId(id),
        false,
        id,
        new Target("wine", "wine", "127.0.0.1:1", WINE, 2),
        new RequestHead("POST", "/invoke", "h", "http", "/model/wine/invoke", "h", List.of()),
        new ResponseHead(503, List.of()),
        new AccessRecord.Sizes(100, 19),
        Ending.MODEL_UNREACHABLE,
        new Timing(timeMillis - 5, timeMillis, 5_000_000, 4_000_000, Timing.NONE),
        new AccessRecord.Told("HTTP/2", "no_healthy_upstream", "no_healthy_upstream"));
  }

  static AccessRecord anyAccess(Random random) {
    Prediction like = anyPrediction(random);
    Timing timing = like.timing();
    return new AccessRecord(
        like.requestId(),
        like.requestIdReplaced(),
        like.externalRequestId(),
        like.target(),
        like.request(),
        like.response(),
        new AccessRecord.Sizes(random.nextInt(2) * random.nextLong(1L << 40), random.nextInt(3)),
        like.ending(),
        new Timing(
            timing.startMillis(),
            timing.endMillis(),
            timing.durationNanos(),
            timing.firstByteNanos(),
            Timing.NONE),
        new AccessRecord.Told(text(random, 9), text(random, 300), text(random, 60)));
  }

  /// Bytes that follow from `seed`, in pieces as capture buffers give them.
  static Body body(int seed, int length) {
    if (length == 0) {
      return Body.EMPTY;
    }
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return new Body(pieces(new Random(seed), bytes), length, false, "");
  }

  static Prediction anyPrediction(Random random) {
    long start = random.nextInt(3) == 0 ? 0 : random.nextLong(1L << 42);
    return new Prediction(
        new RequestId("id-" + random.nextInt(1_000_000)),
        random.nextBoolean(),
        text(random, 40),
        text(random, 32),
        new Target(
            text(random, 20), text(random, 20), text(random, 20), model(random), random.nextInt(3)),
        new RequestHead(
            text(random, 8),
            text(random, 300),
            text(random, 20),
            text(random, 5),
            text(random, 300),
            text(random, 20),
            headers(random)),
        anyBody(random),
        new ResponseHead(random.nextInt(4) == 0 ? 0 : random.nextInt(1000), headers(random)),
        anyBody(random),
        List.of(Ending.values()).get(random.nextInt(Ending.values().length)),
        new Timing(
            start,
            start + random.nextInt(10_000),
            1000L * random.nextInt(1_000_000),
            random.nextBoolean() ? Timing.NONE : 1000L * random.nextInt(1000),
            random.nextBoolean() ? Timing.NONE : 1000L * random.nextInt(1000)),
        random.nextBoolean()
            ? GrpcStatus.NONE
            : new GrpcStatus(random.nextInt(17), text(random, 100)));
  }

  static Feedback anyFeedback(Random random) {
    return new Feedback(
        new RequestId("id-" + random.nextInt(1_000_000)),
        model(random),
        random.nextLong(1L << 42),
        text(random, 5000),
        text(random, 60));
  }

  private static Body anyBody(Random random) {
    int length =
        switch (random.nextInt(4)) {
          case 0 -> 0;
          case 1 -> random.nextInt(200);
          case 2 -> random.nextInt(20_000);
          default -> 120 + random.nextInt(16); // around the varint's second byte
        };
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return new Body(
        pieces(random, bytes),
        length + random.nextInt(3),
        random.nextBoolean(),
        random.nextBoolean() ? "" : "gzip");
  }

  private static List<ByteBuffer> pieces(Random random, byte[] bytes) {
    List<ByteBuffer> pieces = new ArrayList<>();
    int at = 0;
    while (at < bytes.length) {
      int length = Math.min(bytes.length - at, 1 + random.nextInt(bytes.length));
      ByteBuffer piece =
          random.nextBoolean()
              ? ByteBuffer.allocateDirect(length + 7)
              : ByteBuffer.allocate(length + 7);
      piece.position(3).put(bytes, at, length).limit(3 + length).position(3);
      pieces.add(piece.asReadOnlyBuffer());
      at += length;
    }
    return pieces;
  }

  private static ModelIdentity model(Random random) {
    return new ModelIdentity("m" + text(random, 10), "v" + text(random, 10));
  }

  private static List<Header> headers(Random random) {
    List<Header> headers = new ArrayList<>();
    for (int i = random.nextInt(5); i > 0; i--) {
      String value = random.nextBoolean() ? text(random, 200) : "v".repeat(random.nextInt(200));
      headers.add(
          random.nextBoolean()
              ? new Header(text(random, 10), value)
              : Header.prepared("n".repeat(random.nextInt(10)), value));
    }
    return headers;
  }

  private static String text(Random random, int lengthMax) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(lengthMax + 1); i > 0; i--) {
      int at = random.nextInt(ALPHABET.codePointCount(0, ALPHABET.length()));
      text.appendCodePoint(ALPHABET.codePointAt(ALPHABET.offsetByCodePoints(0, at)));
    }
    return text.toString();
  }
}
