package dev.loopgate.spool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.EntryKind;
import org.junit.jupiter.api.Test;

class KnownKeysTest {
  private final KnownKeys keys = new KnownKeys();

  @Test
  void knowsWhatItWasToldLast() {
    for (int id = 0; id <= KnownKeys.KEYS_MAX; id++) {
      keys.add(id, key("model-" + id));
    }

    assertThat(keys.of(0)).isNull();
    assertThat(keys.of(1)).isEqualTo(key("model-1"));
    assertThat(keys.of(KnownKeys.KEYS_MAX)).isEqualTo(key("model-" + KnownKeys.KEYS_MAX));
  }

  @Test
  void keepsFewerLongNames() {
    for (int id = 0; id < 10_000; id++) {
      keys.add(id, key("x".repeat(ModelKey.NAME_LENGTH_MAX)));
    }

    assertThat(keys.of(0)).isNull();
    assertThat(keys.of(9_999 - 4_000)).isNotNull();
    assertThat(keys.of(9_999 - 4_200)).isNull();
  }

  @Test
  void countsANumberThatIsToldAgainOnce() {
    for (int i = 0; i < 10_000; i++) {
      keys.add(i % 100, key("x".repeat(ModelKey.NAME_LENGTH_MAX)));
    }

    assertThat(keys.of(0)).isNotNull();
  }

  private static ModelKey key(String name) {
    return new ModelKey(EntryKind.FEEDBACK, name, "1");
  }
}
