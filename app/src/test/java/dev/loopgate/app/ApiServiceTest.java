package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ApiServiceTest {
  @ParameterizedTest
  @CsvSource({
    "'', '', true, false",
    "'', 127.0.0.1:8080, true, false",
    "'', localhost:8080, true, false",
    "'', LOCALHOST, true, false",
    "'', api.localhost:8080, true, false",
    "'', [::1]:8080, true, false",
    "'', evil.example:8080, true, true",
    "'', 127.0.0.1.evil.example, true, true",
    "'', gateway.internal:8080, false, false",
    "http://127.0.0.1:8080, 127.0.0.1:8080, true, false",
    "https://gateway.internal, gateway.internal, false, false",
    "http://evil.example, 127.0.0.1:8080, true, true",
    "http://evil.example:8080, evil.example:8080, true, true",
    "http://127.0.0.1:9000, 127.0.0.1:8080, true, true",
    "null, 127.0.0.1:8080, true, true",
    "http://evil.example, gateway.internal:8080, false, true"
  })
  void aPageOfAnotherOriginIsNoCaller(String origin, String host, boolean local, boolean foreign) {
    assertThat(ApiService.isForeign(origin, host, local)).isEqualTo(foreign);
  }
}
