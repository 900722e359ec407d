package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Header;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.List;
import org.junit.jupiter.api.Test;

final class HeadWriterTest {
  private static String written(List<Header> headers) {
    ByteBuf head = HeadWriter.response(UnpooledByteBufAllocator.DEFAULT, 200, "OK", headers);
    try {
      return head.toString(ISO_8859_1);
    } finally {
      head.release();
    }
  }

  @Test
  void whatIsBeyondLatin1DoesNotBecomeALineEnd() {
    assertThat(written(List.of(new Header("x", "a\u010d\u010aset-cookie: b\u00fc"))))
        .isEqualTo("HTTP/1.1 200 OK\r\nx: a??set-cookie: b\u00fc\r\n\r\n");
  }

  @Test
  void aHeadMayBeLongerThanWhatIsKeptForHeads() {
    String value = "v".repeat(40_000);

    assertThat(written(List.of(new Header("x", value), new Header("y", "z"))))
        .isEqualTo("HTTP/1.1 200 OK\r\nx: " + value + "\r\ny: z\r\n\r\n");
  }
}
