package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class NamesTest {
  private static final long SEED = 1;

  private final Names names = new Names();

  private String of(String text) {
    byte[] bytes = ("<" + text + ">").getBytes(ISO_8859_1);
    return names.of(bytes, 1, bytes.length - 1);
  }

  @Test
  void theSameBytesAreTheSameString() {
    assertThat(of("content-type")).isEqualTo("content-type").isSameAs(of("content-type"));
  }

  @Test
  void noNameIsTakenForAnother() {
    Random random = new Random(SEED);
    for (int i = 0; i < 20_000; i++) { // many more than there are places
      StringBuilder name = new StringBuilder();
      for (int length = random.nextInt(50); length > 0; length--) {
        name.append((char) ('a' + random.nextInt(3)));
      }
      assertThat(of(name.toString())).as("seed=%d", SEED).isEqualTo(name.toString());
    }
    assertThat(of("\u00fcber")).isEqualTo("\u00fcber");
  }
}
