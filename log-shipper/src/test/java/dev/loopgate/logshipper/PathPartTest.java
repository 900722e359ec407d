package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.ModelIdentity;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class PathPartTest {
  private static final String[] HOSTILE = {
    "..",
    ".",
    "../../etc/passwd",
    "a/b",
    "a\\b",
    "_manifest",
    ".staging",
    "(other)",
    "(unknown)",
    "%2e%2e",
    "a\u0000b",
    "a\nb",
    "\u00e9t\u00e9",
    "\ud83d\ude00",
    "year=2026",
    " ",
    "~",
    "C:",
    "*?"
  };

  @Test
  void keepsPlainNames() {
    assertThat(PathPart.of("wine-Quality_1.0")).isEqualTo("wine-Quality_1.0");
    assertThat(PathPart.of("")).isEqualTo("(unknown)");
    assertThat(PathPart.of("..")).isEqualTo("%2E.");
    assertThat(PathPart.of("_x")).isEqualTo("%5Fx");
    assertThat(PathPart.of("(other)")).isEqualTo("%28other%29");
    assertThat(PathPart.of("a/b c")).isEqualTo("a%2Fb%20c");
  }

  @Test
  void cutsLongNamesAndKeepsThemApart() {
    String one = PathPart.of("x".repeat(500) + "1");
    String other = PathPart.of("x".repeat(500) + "2");

    assertThat(one).hasSize(128).isNotEqualTo(other);
    assertThat(PathPart.of("\u00e9".repeat(200)))
        .hasSizeLessThanOrEqualTo(128)
        .matches("(%..)+~.{16}");
    assertThat(PathPart.of("x".repeat(128))).isEqualTo("x".repeat(128));
  }

  @Test
  void noNameLeavesItsPartition() {
    Random random = new Random(7);
    Set<String> values = new HashSet<>(Set.of(HOSTILE));
    for (int i = 0; i < 20_000; i++) {
      StringBuilder name = new StringBuilder();
      int length = random.nextInt(200);
      for (int k = 0; k < length; k++) {
        name.append(
            random.nextBoolean()
                ? HOSTILE[random.nextInt(HOSTILE.length)]
                : String.valueOf((char) random.nextInt(0xd800)));
        if (name.length() > 1 + random.nextInt(300)) {
          break;
        }
      }
      values.add(name.toString());
    }
    Set<String> parts = new HashSet<>();
    for (String value : values) {
      String part = PathPart.of(value);
      assertThat(part).as(value).matches("(\\(unknown\\)|[A-Za-z0-9%-][A-Za-z0-9._%~-]*)");
      assertThat(part.length()).isBetween(1, 128);
      assertThat(parts.add(part)).as("distinct: %s", value).isTrue();
      if (!value.isEmpty()) {
        ObjectKey key =
            Partition.of(LogStream.FEEDBACK, new ModelIdentity(value, value), 500_000)
                .key(3, Compression.NONE);
        assertThat(key.path().split("/", -1)).hasSize(7);
      }
    }
  }
}
