package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.fleet.ConnectionSpec;
import dev.loopgate.fleet.Secret;
import java.util.Base64;
import org.junit.jupiter.api.Test;

final class RegistryLoginTest {
  private static final ImageReference WINE =
      ImageReference.parse("registry.example.org/wine").orElseThrow();

  @Test
  void isJsonInBase64ForUrlsWithPadding() throws Exception {
    ConnectionSpec pull = LocalContainersIT.connection("a\"b", "p\u00e4ss??>>word");
    String header = RegistryLogin.header(pull, WINE).orElseThrow();
    assertThat(header.length() % 4).isZero();
    assertThat(new String(Base64.getUrlDecoder().decode(header), UTF_8))
        .isEqualTo(
            "{\"username\":\"a\\\"b\",\"password\":\"p\u00e4ss??>>word\","
                + "\"serveraddress\":\"registry.example.org\"}");
  }

  @Test
  void noConnectionAndAnotherRegistrysAreNoName() throws Exception {
    ConnectionSpec pull = LocalContainersIT.connection("a", "b");
    ImageReference other = ImageReference.parse("wine").orElseThrow();
    assertThat(RegistryLogin.header(null, WINE)).isEmpty();
    assertThat(RegistryLogin.header(pull, other)).isEmpty();
    assertThat(RegistryLogin.hint(pull, WINE)).isEmpty();
    assertThat(RegistryLogin.hint(null, other)).isEmpty();
    assertThat(RegistryLogin.hint(pull, other)).contains("another registry");
  }

  @Test
  void saysWhichTypeCanNotBeUsed() {
    assertThatThrownBy(() -> RegistryLogin.header(ecr(), WINE))
        .isInstanceOf(ImageException.class)
        .hasMessage("connection: type=ecr can't be pulled with on this machine, allowed=docker");
  }

  private static ConnectionSpec ecr() {
    Secret none = Secret.NONE;
    return new ConnectionSpec(
        "ecr",
        "1.dkr.ecr.eu-west-1.amazonaws.com",
        "",
        none,
        "eu-west-1",
        "",
        none,
        none,
        none,
        "",
        "",
        "",
        false);
  }
}
