package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Header;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Netty's decoder is the oracle: what we accept, it accepts, with the same fields.
@ExtendWith(LeakFree.class)
final class HeadReaderTest {
  private static final String[] PARTS = {
    "GET",
    "POST",
    " ",
    "/",
    "/model/wine?x=1",
    "HTTP/1.1",
    "HTTP/1.0",
    "\r\n",
    "\r\n\r\n",
    "\r",
    "\n",
    "Host: d\r\n",
    "X: a b\r\n",
    "X-Y:\tz \t\r\n",
    "X:\r\n",
    ":",
    "\t",
    "caf\u00e9",
    "\u0000",
    "\u007f",
    "*",
    "Host",
    "a",
    ";",
    " folded\r\n",
    "GET / HTTP/1.1\r\n",
    "POST /p HTTP/1.1\r\nHost: h\r\n"
  };

  // One reader after the other uses them, as on an event loop.
  private static final Names NAMES = new Names();
  private static final KnownHeaders KNOWN = new KnownHeaders(_ -> false);

  private static LongStream seeds() {
    return LongStream.range(0, 40);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void acceptsNothingThatTheOracleReadsOtherwise(long seed) {
    Random random = new Random(seed);
    int accepted = 0;
    for (int round = 0; round < 500; round++) {
      StringBuilder text = new StringBuilder(random.nextInt(3) == 0 ? "" : "GET /x HTTP/1.1\r\n");
      for (int i = random.nextInt(8); i >= 0; i--) {
        text.append(PARTS[random.nextInt(PARTS.length)]);
      }
      text.append("\r\n\r\n");
      if (agrees(text.toString(), random, "seed=" + seed + ", round=" + round)) {
        accepted++;
      }
    }
    assertThat(accepted).as("seed=%d", seed).isPositive();
  }

  private static boolean agrees(String bytes, Random random, String where) {
    Parsed<RawHead> ours = readInPieces(bytes, random);
    if (!(ours instanceof Parsed.Got<RawHead>(RawHead head))
        || !(CallerRequest.of(head) instanceof Parsed.Got<CallerRequest>(CallerRequest request))) {
      return false;
    }
    EmbeddedChannel oracle = new EmbeddedChannel(new HttpRequestDecoder());
    oracle.writeInbound(Unpooled.copiedBuffer(bytes, ISO_8859_1));
    HttpObject first = oracle.readInbound();
    assertThat(first).as(where).isInstanceOf(HttpRequest.class);
    HttpRequest theirs = (HttpRequest) first;
    assertThat(theirs.decoderResult().isSuccess()).as("%s: %s", where, bytes).isTrue();
    assertThat(theirs.method().name()).as(where).isEqualTo(request.method());
    assertThat(theirs.uri()).as(where).isEqualTo(request.target());
    assertThat(theirs.protocolVersion().minorVersion()).as(where).isEqualTo(request.minor());
    List<Header> fields = new ArrayList<>();
    theirs
        .headers()
        .forEach(e -> fields.add(new Header(e.getKey().toLowerCase(Locale.ROOT), e.getValue())));
    assertThat(fields).as(where).isEqualTo(request.headers());
    oracle.finish();
    Object left;
    while ((left = oracle.readInbound()) != null) {
      ReferenceCountUtil.release(left);
    }
    return true;
  }

  private static Parsed<RawHead> readInPieces(String bytes, Random random) {
    HeadReader reader = new HeadReader(new byte[1024], NAMES, KNOWN);
    ByteBuf in = Unpooled.buffer();
    Parsed<RawHead> result = new Parsed.More<>();
    byte[] all = bytes.getBytes(ISO_8859_1);
    int at = 0;
    while (at < all.length && result instanceof Parsed.More) {
      int length = Math.min(1 + random.nextInt(12), all.length - at);
      in.writeBytes(all, at, length);
      at += length;
      result = reader.readRequest(in);
    }
    in.release();
    return result;
  }
}
