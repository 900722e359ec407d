package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.fleet.KeepRules;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.SecretField;
import dev.loopgate.fleet.Upstream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakFree.class)
final class RedactedExchangeTest {
  private static final String ASK = "{\"user\":{\"email\":\"hush\",\"n\":1},\"pin\":\"hush\"}";
  private static final String ASK_KEPT =
      "{\"user\":{\"email\":\"*****\",\"n\":1},\"pin\":\"hush\"}";
  private static final String REPLY = "[{\"score\":\"hush\",\"n\":2},{\"n\":3}]";
  private static final String REPLY_KEPT = "[{\"n\":2},{\"n\":3}]";

  private final EmbeddedDoor door = new EmbeddedDoor(model("wine"));

  @Test
  void eachSideLosesItsOwnFieldsInTheCopyAlone() {
    ask("application/json", ASK);
    assertThat(door.asked(0)).endsWith(ASK);
    answer("application/json", REPLY);

    assertThat(door.received()).endsWith(REPLY);
    KeepingLane.Kept kept = door.only();
    assertThat(kept.requestText()).isEqualTo(ASK_KEPT);
    assertThat(kept.responseText()).isEqualTo(REPLY_KEPT);
    assertThat(kept.requestBody().size()).isEqualTo(ASK.length());
    assertThat(kept.requestBody().truncated()).isFalse();
    assertThat(kept.responseBody().size()).isEqualTo(REPLY.length());
    assertThat(door.told.words).noneMatch(word -> word.startsWith("cut"));
    assertThat(door.loop.captureBuffers().bytesInUse()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"text/plain", "application/grpc", "application/octet-stream", "image/png"})
  void noContentTypeTalksARuleAway(String type) {
    ask(type, ASK);
    answer(type, REPLY);

    assertThat(door.only().requestText()).isEqualTo(ASK_KEPT);
    assertThat(door.only().responseText()).isEqualTo(REPLY_KEPT);
  }

  @Test
  void noPieceIsTooSmall() {
    for (int split = 0; split <= ASK.length(); split++) {
      EmbeddedDoor each = new EmbeddedDoor(model("wine"));
      each.send(
          "POST /model/wine/x HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n"
              + chunk(ASK.substring(0, split)));
      each.send(chunk(ASK.substring(split)) + "0\r\n\r\n");
      each.answer(0, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (int i = 0; i < REPLY.length(); i++) {
        each.answer(0, chunk(REPLY.substring(i, i + 1)));
      }
      each.answer(0, "0\r\n\r\n");

      assertThat(each.only().requestText()).as("split=%d", split).isEqualTo(ASK_KEPT);
      assertThat(each.only().responseText()).isEqualTo(REPLY_KEPT);
    }
  }

  @Test
  void whatIsNoJsonIsNotKeptAndCounted() {
    ask("application/json", "user.email=hush");
    answer("application/json", "<score>hush</score>");

    KeepingLane.Kept kept = door.only();
    assertThat(kept.requestText()).isEmpty();
    assertThat(kept.responseText()).isEmpty();
    assertThat(kept.requestBody().truncated()).isTrue();
    assertThat(kept.requestBody().size()).isEqualTo(15);
    assertThat(kept.responseBody().truncated()).isTrue();
    assertThat(door.told.words).contains("cut unparsable", "ended wine complete 200");
    assertThat(door.told.words.stream().filter("cut unparsable"::equals)).hasSize(2);
  }

  @Test
  void aBodyThatIsNotWholeIsNotKept() {
    door.send("POST /model/wine/x HTTP/1.1\r\nHost: d\r\nContent-Length: 1000\r\n\r\n" + ASK);
    door.answer(0, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + REPLY);
    door.modelCloses(0);

    KeepingLane.Kept kept = door.only();
    assertThat(kept.ending()).isEqualTo(Ending.MODEL_RESET);
    assertThat(kept.requestText()).isEmpty();
    assertThat(kept.responseText()).isEmpty();
    assertThat(kept.responseBody().truncated()).isTrue();
  }

  @Test
  void aBodyBeyondWhatIsLookedAtTakesNoBuffersFromOthersAndIsNotKept() {
    String large = "{\"pin\":\"" + "h".repeat(600_000) + "\"}";
    ask("application/json", large);
    assertThat(door.loop.captureBuffers().bytesInUse()).isLessThan(400_000);
    answer("application/json", REPLY);

    assertThat(door.only().requestText()).isEmpty();
    assertThat(door.only().requestBody().size()).isEqualTo(large.length());
    assertThat(door.only().responseText()).isEqualTo(REPLY_KEPT);
  }

  @Test
  void aPackedBodyIsKeptAsItWasLookedAt() throws IOException {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(zipped)) {
      gzip.write(REPLY.getBytes(ISO_8859_1));
    }
    ask("application/json", ASK);
    door.answer(
        0,
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: "
            + zipped.size()
            + "\r\n\r\n"
            + zipped.toString(ISO_8859_1));

    assertThat(door.received()).endsWith(zipped.toString(ISO_8859_1));
    assertThat(door.only().responseText()).isEqualTo(REPLY_KEPT);
    assertThat(door.only().responseBody().contentEncoding()).isEmpty();
  }

  @Test
  void aReplyOfOurOwnIsReadAsAnyOther() {
    door.refusesConnections = true;
    ask("application/json", ASK);

    assertThat(door.only().requestText()).isEqualTo(ASK_KEPT);
    assertThat(door.only().responseText()).startsWith("{\"error\":");
  }

  private void ask(String type, String body) {
    door.send(
        "POST /model/wine/x HTTP/1.1\r\nHost: d\r\nContent-Type: "
            + type
            + "\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body);
  }

  private void answer(String type, String body) {
    door.answer(
        0,
        "HTTP/1.1 200 OK\r\nContent-Type: "
            + type
            + "\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body);
  }

  private static String chunk(String text) {
    return text.isEmpty() ? "" : Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
  }

  private static Model model(String id) {
    return new Model(
        id,
        new Upstream(List.of(new Replica(URI.create("http://10.0.0.1:5000")))),
        Predictor.NONE,
        "/model/" + id,
        null,
        null,
        new Kept(
            true,
            1 << 20,
            1.0,
            KeepRules.NONE,
            List.of(
                new SecretField("/user/email", false, true, true),
                new SecretField("/*/score", true, false, true))));
  }
}
