package dev.loopgate.capture;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BodyRedactorTest {
  private static final BodyRules RULES =
      new BodyRules(List.of(new FieldRule("/user/email", false), new FieldRule("/pin", true)));
  private static final String SECRET =
      "{\"user\":{\"em\\u0061il\":\"hush\",\"n\":1},\"pin\":\"hush\",\"x\":[1,2]}";
  private static final String KEPT = "{\"user\":{\"em\\u0061il\":\"*****\",\"n\":1},\"x\":[1,2]}";

  private final CaptureBuffers buffers = new CaptureBuffers(4 << 20);
  private final BodyRedactor redactor = new BodyRedactor();

  @Test
  void redactsTheSameWhereverTheBodyWasCut() {
    byte[] body = SECRET.getBytes(UTF_8);
    for (int split = 0; split <= body.length; split++) {
      BodyCapture capture = new BodyCapture(buffers, 1 << 20);
      capture.copyFrom(ByteBuffer.wrap(body, 0, split));
      capture.copyFrom(ByteBuffer.wrap(body, split, body.length - split));

      redactor.redact(capture, RULES, true, "");

      Body kept = capture.view(true, "");
      assertThat(text(kept)).as("split=%d", split).isEqualTo(KEPT);
      assertThat(kept.size()).as("of the wire").isEqualTo(body.length);
      assertThat(kept.truncated()).isFalse();
      assertThat(capture.cut()).isNull();
      capture.release();
    }
    assertThat(buffers.bytesInUse()).isZero();
  }

  @Test
  void redactsAcrossThePiecesOfALargeBody() {
    for (int padding = CaptureBuffers.SMALL_BYTES - 40;
        padding < CaptureBuffers.SMALL_BYTES + 5;
        padding++) {
      String before = "{\"p\":\"" + "p".repeat(padding) + "\",";
      String body = before + SECRET.substring(1);
      BodyCapture capture = captured(body.getBytes(UTF_8));

      redactor.redact(capture, RULES, true, "");

      assertThat(text(capture.view(true, ""))).isEqualTo(before + KEPT.substring(1));
      capture.release();
    }
  }

  @Test
  void aBodyWithoutTheFieldStaysWhereItIs() {
    String body = "{\"user\":{},\"x\":\"" + "y".repeat(200_000) + "\"}";
    BodyCapture capture = captured(body.getBytes(UTF_8));
    long inUse = buffers.bytesInUse();

    redactor.redact(capture, RULES, true, "");

    assertThat(buffers.bytesInUse()).isEqualTo(inUse);
    assertThat(text(capture.view(true, ""))).isEqualTo(body);
    capture.release();
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "x-gzip", "GZIP", "deflate", "raw", "identity, gzip", " gzip ,"})
  void aPackedBodyIsKeptUnpacked(String how) throws IOException {
    byte[] body = SECRET.getBytes(UTF_8);
    String encoding = how.equals("raw") ? "deflate" : how;
    byte[] packed =
        switch (how) {
          case "deflate" -> packed(body, false);
          case "raw" -> packed(body, true);
          default -> zipped(body);
        };
    BodyCapture capture = captured(packed);

    redactor.redact(capture, RULES, true, encoding);

    Body kept = capture.view(true, encoding);
    assertThat(text(kept)).isEqualTo(KEPT);
    assertThat(kept.contentEncoding()).as("the record is not to unpack it again").isEmpty();
    assertThat(kept.size()).isEqualTo(packed.length);
    assertThat(kept.truncated()).isFalse();
    capture.release();
  }

  @Test
  void whatASecondPackedMemberHoldsIsNotOverlooked() throws IOException {
    ByteArrayOutputStream two = new ByteArrayOutputStream();
    two.write(zipped("{\"x\":1}\n".getBytes(UTF_8)));
    two.write(zipped("{\"pin\":\"hush\",\"y\":2}".getBytes(UTF_8)));
    BodyCapture capture = captured(two.toByteArray());

    redactor.redact(capture, RULES, true, "gzip");

    assertThat(text(capture.view(true, "gzip"))).isEqualTo("{\"x\":1}\n{\"y\":2}");
    capture.release();
  }

  @Test
  void aPackedBodyWithoutTheFieldIsWhatWasLookedAt() throws IOException {
    BodyCapture capture = captured(zipped("{\"x\":1}".getBytes(UTF_8)));

    redactor.redact(capture, RULES, true, "gzip");

    Body kept = capture.view(true, "gzip");
    assertThat(text(kept)).isEqualTo("{\"x\":1}");
    assertThat(kept.contentEncoding()).isEmpty();
    capture.release();
  }

  @Test
  void whatCanNotBeReadIsNotKept() throws IOException {
    byte[] secret = SECRET.getBytes(UTF_8);
    byte[] zipped = zipped(secret);
    notKept(Arrays.copyOf(secret, secret.length - 1), true, "");
    notKept(secret, false, "");
    notKept(secret, true, "gzip");
    notKept(secret, true, "br");
    notKept(secret, true, "zstd");
    notKept(secret, true, "aes128gcm");
    notKept(zipped(zipped), true, "gzip, gzip");
    notKept(zipped, true, "");
    notKept(zipped, true, "deflate");
    notKept(Arrays.copyOf(zipped, zipped.length - 3), true, "gzip");
    notKept("pin=hush".getBytes(UTF_8), true, "");
    // A gRPC message.
    notKept(("\u0000\u0000\u0000\u0000\u0010" + SECRET).getBytes(UTF_8), true, "");
    assertThat(buffers.bytesInUse()).isZero();
  }

  @Test
  void aBombIsNotKept() throws IOException {
    byte[] bomb = ("{\"pin\":\"" + "h".repeat(20 << 20) + "\"}").getBytes(UTF_8);
    notKept(zipped(bomb), true, "gzip");
    notKept(packed(bomb, false), true, "deflate");
  }

  @Test
  void isBoundedByTheLengthAndTakesTheLongestThatItMay() throws IOException {
    String frame = "{\"pin\":\"hush\",\"x\":\"\"}";
    String longest =
        frame.replace("\"\"}", "\"" + "y".repeat(BodyRedactor.BYTES_MAX - frame.length()) + "\"}");
    for (String encoding : List.of("", "gzip")) {
      byte[] wire = longest.getBytes(UTF_8);
      BodyCapture capture = captured(encoding.isEmpty() ? wire : zipped(wire));
      redactor.redact(capture, RULES, true, encoding);
      assertThat(text(capture.view(true, encoding)))
          .isEqualTo(longest.replace("\"pin\":\"hush\",", ""));
      capture.release();
    }
    byte[] longer = (longest + " ").getBytes(UTF_8);
    notKept(longer, true, "");
    notKept(zipped(longer), true, "gzip");
  }

  @Test
  void aBodyCutByItsLimitIsNotKept() {
    BodyCapture capture = new BodyCapture(buffers, 20);
    capture.copyFrom(ByteBuffer.wrap(SECRET.getBytes(UTF_8)));
    isNotKept(capture, true, "");
  }

  @Test
  void aBodyThatGrowsBeyondAllBuffersIsNotKept() {
    CaptureBuffers few = new CaptureBuffers(CaptureBuffers.SMALL_BYTES);
    BodyCapture capture = new BodyCapture(few, 1 << 20);
    capture.copyFrom(ByteBuffer.wrap(("[" + "1,".repeat(2_000) + "1]").getBytes(UTF_8)));
    assertThat(capture.cut()).isNull();

    redactor.redact(capture, new BodyRules(List.of(new FieldRule("/*", false))), true, "");

    assertThat(capture.cut()).isEqualTo(CutReason.BUDGET);
    assertThat(capture.view(true, "").kept()).isEmpty();
    assertThat(capture.view(true, "").truncated()).isTrue();
    assertThat(few.bytesInUse()).isZero();
  }

  @Test
  void noBodyAndNoRuleAreLeftAlone() {
    BodyCapture nothing = new BodyCapture(buffers, 100);
    redactor.redact(nothing, RULES, false, "br");
    assertThat(nothing.cut()).isNull();

    BodyCapture free = captured("pin=hush".getBytes(UTF_8));
    redactor.redact(free, BodyRules.NONE, false, "br");
    assertThat(text(free.view(true, "br"))).isEqualTo("pin=hush");
    assertThat(free.view(true, "br").contentEncoding()).isEqualTo("br");
    free.release();
  }

  private void notKept(byte[] body, boolean whole, String encoding) {
    isNotKept(captured(body), whole, encoding);
  }

  private void isNotKept(BodyCapture capture, boolean whole, String encoding) {
    long size = capture.size();
    redactor.redact(capture, RULES, whole, encoding);

    Body kept = capture.view(whole, encoding);
    assertThat(capture.cut()).isEqualTo(CutReason.UNPARSABLE);
    assertThat(kept.kept()).isEmpty();
    assertThat(kept.truncated()).isTrue();
    assertThat(kept.size()).isEqualTo(size);
    assertThat(kept.contentEncoding()).isEqualTo(encoding);
    capture.release();
  }

  private BodyCapture captured(byte[] body) {
    BodyCapture capture = new BodyCapture(buffers, 1 << 20);
    capture.copyFrom(ByteBuffer.wrap(body));
    return capture;
  }

  private static String text(Body body) {
    return new String(body.copyKept(), UTF_8);
  }

  private static byte[] zipped(byte[] bytes) throws IOException {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(zipped)) {
      gzip.write(bytes);
    }
    return zipped.toByteArray();
  }

  private static byte[] packed(byte[] bytes, boolean bare) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream deflate =
        new DeflaterOutputStream(packed, new Deflater(Deflater.DEFAULT_COMPRESSION, bare))) {
      deflate.write(bytes);
    }
    return packed.toByteArray();
  }
}
