package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Header;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class KnownHeadersTest {
  private static final long SEED = 2;

  private final KnownHeaders known = new KnownHeaders("authorization"::equals);

  private Header read(String name, String value) {
    byte[] line = (name + ":" + value).getBytes(ISO_8859_1);
    Header there = known.find(line, 0, line.length);
    return there != null ? there : known.remember(line, name, value);
  }

  @Test
  void theSameLineIsTheSameHeader() {
    assertThat(read("accept", "*/*")).isSameAs(read("accept", "*/*"));
    assertThat(known.of("x-forwarded-for", "10.0.0.1"))
        .isSameAs(known.of("x-forwarded-for", "10.0.0.1"));
  }

  @Test
  void noLineIsTakenForAnother() {
    Random random = new Random(SEED);
    for (int i = 0; i < 20_000; i++) { // many more than there are places
      String name = "n" + random.nextInt(50);
      String value = Integer.toString(random.nextInt(100));
      assertThat(read(name, value)).as("seed=%d", SEED).isEqualTo(new Header(name, value));
      assertThat(known.of(name, value)).as("seed=%d", SEED).isEqualTo(new Header(name, value));
    }
  }

  @Test
  void aSecretIsForgotten() {
    byte[] line = "authorization:Bearer x".getBytes(ISO_8859_1);
    known.remember(line, "authorization", "Bearer x");

    assertThat(known.find(line, 0, line.length)).isNull();
    assertThat(known.of("authorization", "x")).isNotSameAs(known.of("authorization", "x"));
  }

  @Test
  void aLongLineIsReadEachTime() {
    String value = "v".repeat(200);

    assertThat(read("x", value)).isEqualTo(new Header("x", value)).isNotSameAs(read("x", value));
  }
}
