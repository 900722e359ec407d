package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Header;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakFree.class)
final class OutgoingTest {
  private static final String HEAD = "HTTP/1.1 200 OK\r\na: b\r\n\r\n";

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final Outgoing outgoing = new Outgoing();

  private static ByteBuf head() {
    return HeadWriter.response(
        UnpooledByteBufAllocator.DEFAULT, 200, "OK", List.of(new Header("a", "b")));
  }

  private static ByteBuf piece(String text) {
    return Unpooled.copiedBuffer(text, US_ASCII);
  }

  private List<String> sent() {
    channel.flush();
    List<String> texts = new ArrayList<>();
    ByteBuf next;
    while ((next = channel.readOutbound()) != null) {
      texts.add(next.toString(US_ASCII));
      next.release();
    }
    return texts;
  }

  @Test
  void aHeadAndSmallPiecesAreOneBuffer() {
    outgoing.head(channel, head());
    outgoing.piece(channel, piece("one"));
    outgoing.piece(channel, piece("two"));
    outgoing.pass(channel);

    assertThat(sent()).containsExactly(HEAD + "onetwo");
  }

  @Test
  void smallChunksAreOneBufferWithTheirFrames() {
    outgoing.chunk(channel, piece("one"));
    outgoing.chunk(channel, piece("x".repeat(16)));
    outgoing.pass(channel);
    outgoing.head(channel, head());
    outgoing.chunk(channel, piece("two"));
    outgoing.pass(channel);

    assertThat(sent())
        .containsExactly("3\r\none\r\n10\r\n" + "x".repeat(16) + "\r\n", HEAD + "3\r\ntwo\r\n");
  }

  @Test
  void chunksThatDoNotFitKeepTheirPlace() {
    String kibi = "y".repeat(1024);
    String large = "x".repeat(1025);
    outgoing.chunk(channel, piece("one"));
    outgoing.chunk(channel, piece(kibi));
    outgoing.chunk(channel, piece(kibi));
    outgoing.chunk(channel, piece(large));
    outgoing.chunk(channel, piece("two"));
    outgoing.pass(channel);

    assertThat(String.join("", sent()))
        .isEqualTo(
            "3\r\none\r\n400\r\n%s\r\n400\r\n%s\r\n401\r\n%s\r\n3\r\ntwo\r\n"
                .formatted(kibi, kibi, large));
  }

  @Test
  void aChunkForAConnectionThatIsGoneIsReleased() {
    channel.close();

    outgoing.chunk(channel, piece("one"));
    outgoing.chunk(channel, piece("x".repeat(2000)));
  }

  @Test
  void whatDoesNotFitKeepsItsPlace() {
    String large = "x".repeat(5000);
    outgoing.head(channel, head());
    outgoing.piece(channel, piece("one"));
    outgoing.piece(channel, piece(large));
    outgoing.piece(channel, piece("two"));
    outgoing.head(channel, head());
    outgoing.pass(channel);

    assertThat(sent()).containsExactly(HEAD + "one", large, "two", HEAD);
  }

  @Test
  void nothingWaitsForAConnectionThatIsGone() {
    outgoing.head(channel, head());
    channel.close();
    outgoing.release();
    outgoing.head(channel, head());
    outgoing.piece(channel, piece("one"));

    assertThat(sent()).isEmpty();
  }
}
