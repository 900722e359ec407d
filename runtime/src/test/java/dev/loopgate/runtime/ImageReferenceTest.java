package dev.loopgate.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ImageReferenceTest {
  private static final String DIGEST = "sha256:" + "0123456789abcdef".repeat(4);

  @ParameterizedTest
  @CsvSource({
    "wine, wine:latest, docker.io",
    "docker:wine, wine:latest, docker.io",
    "docker:docker:dind, docker:dind, docker.io",
    "cellar/wine:1.0, cellar/wine:1.0, docker.io",
    "docker.io/cellar/wine, docker.io/cellar/wine:latest, docker.io",
    "index.docker.io/cellar/wine, index.docker.io/cellar/wine:latest, docker.io",
    "registry.example.org/a/b_c/d__e/f--g.h:V_1, registry.example.org/a/b_c/d__e/f--g.h:V_1, registry.example.org",
    "localhost/wine, localhost/wine:latest, localhost",
    "127.0.0.1:5000/wine, 127.0.0.1:5000/wine:latest, 127.0.0.1:5000",
    "[::1]:5000/wine, [::1]:5000/wine:latest, [::1]:5000",
    "Cellar/wine, Cellar/wine:latest, Cellar"
  })
  void readsWhatPeopleWrite(String image, String asked, String registry) {
    ImageReference read = ImageReference.parse(image).orElseThrow();
    assertThat(read).hasToString(asked);
    assertThat(read.registry()).isEqualTo(registry);
  }

  @Test
  void aDigestIsMoreThanATag() {
    assertThat(ImageReference.parse("a/b:1@" + DIGEST).orElseThrow()).hasToString("a/b@" + DIGEST);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "docker:",
        "Wine",
        "wine:",
        "wine/",
        "/wine",
        "a//b",
        "wine:1:2",
        "wine@sha256:12",
        "wine?x=1",
        "wine/../../containers",
        "wine#1",
        "wine%2f",
        "wine 1",
        "wine\r\nHost: a",
        "https://registry/wine",
        "a:b:c/wine",
        "-a",
        "a.",
        "a__.b"
      })
  void refusesWhatCanBeNone(String image) {
    assertThat(ImageReference.parse(image)).isEmpty();
  }

  @Test
  void readsLongOnesInNoTime() {
    Assertions.assertTimeout(
        Duration.ofSeconds(5),
        () -> {
          for (String part : new String[] {"a", "a.", "a-", "a/", "a_", "A", "a:", "1."}) {
            assertThat(ImageReference.parse(part.repeat(500) + "!")).isEmpty();
            assertThat(ImageReference.parse(part.repeat(120) + "!")).isEmpty();
          }
        });
  }

  @ParameterizedTest
  @CsvSource({
    "registry.example.org/project, registry.example.org",
    "https://index.docker.io/v1/, docker.io",
    "docker.io, docker.io",
    "127.0.0.1:5000, 127.0.0.1:5000"
  })
  void knowsTheRegistryOfAnAddress(String uri, String registry) {
    assertThat(ImageReference.registryOf(uri)).isEqualTo(registry);
  }
}
