package dev.loopgate.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

final class RequestIdTest {
  @Test
  void keepsPrintableAsciiByteForByte() {
    StringBuilder printable = new StringBuilder();
    for (char c = 0x20; c <= 0x7e; c++) {
      printable.append(c);
    }
    String id = "a" + printable + "z";

    assertThat(new RequestId(id).value()).isEqualTo(id);
    assertThat(new RequestId(id)).hasToString(id);
  }

  @Test
  void refusesEveryOtherCharacterWhereverItStands() {
    for (int c = 0; c <= 0xffff; c++) {
      boolean printable = c >= 0x20 && c <= 0x7e;

      assertThat(RequestId.isValid("ab" + (char) c + "cd")).as("char=%x", c).isEqualTo(printable);
    }
  }

  @Test
  void refusesASpaceAtEitherEndBecauseAHeaderWouldLoseIt() {
    assertThat(RequestId.isValid(" a")).isFalse();
    assertThat(RequestId.isValid("a ")).isFalse();
    assertThat(RequestId.isValid(" ")).isFalse();
    assertThat(RequestId.isValid("a b")).isTrue();
  }

  @Test
  void takesOneToTwoHundredAndFiftySixBytes() {
    assertThat(RequestId.isValid("")).isFalse();
    assertThat(RequestId.isValid("x")).isTrue();
    assertThat(RequestId.isValid("x".repeat(256))).isTrue();
    assertThat(RequestId.isValid("x".repeat(257))).isFalse();
  }

  @Test
  void theMessageNamesTheLengthButNotTheHostileValue() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RequestId("evil\r\nSet-Cookie: a=b"))
        .withMessageContaining("length=21")
        .withMessageNotContaining("Set-Cookie");
  }
}
