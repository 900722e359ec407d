package dev.loopgate.policy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.RSAKey;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KeySetTest {
  private static final String OF_THE_FUTURE = "{\"kty\":\"LATTICE\",\"kid\":\"q\",\"x\":\"AA\"}";

  private static KeySet parse(String json) throws KeysRefusedException {
    return KeySet.parse(json.getBytes(UTF_8), "file=keys.json", KeySet.NONE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "[]",
        "null",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":[1]}",
        "<html>",
        "{\"keys\":\"a\"}"
      })
  void whatIsNoKeySetIsRefusedInOneLine(String json) {
    assertThatThrownBy(() -> parse(json))
        .isInstanceOf(KeysRefusedException.class)
        .hasMessage("file=keys.json is no key set in JSON like {\"keys\":[...]}");
  }

  @Test
  void aSetWithoutAKeyToVerifyWithIsRefused() {
    assertThatThrownBy(() -> parse("{\"keys\":[]}"))
        .hasMessageStartingWith("file=keys.json has 0 keys to verify with");
    assertThatThrownBy(() -> parse("{\"keys\":[" + OF_THE_FUTURE + "]}"))
        .hasMessageStartingWith("file=keys.json has 0 keys to verify with");
    assertThatThrownBy(() -> parse(Issuer.keys(Issuer.rsa("short", 1024))))
        .hasMessageStartingWith("file=keys.json has 0 keys to verify with");
  }

  @Test
  void aSymmetricKeyIsRefusedBesideGoodOnes() {
    String rsa = Issuer.rsa("k").published().toJSONString();
    String secret = "{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}";

    assertThatThrownBy(() -> parse("{\"keys\":[" + rsa + "," + secret + "]}"))
        .isInstanceOf(KeysRefusedException.class)
        .hasMessageContaining("file=keys.json has a symmetric key")
        .hasMessageNotContaining("c2VjcmV0");
  }

  @Test
  void aPrivateKeyIsRefused() {
    Issuer issuer = Issuer.rsa("k");
    JWK whole =
        new RSAKey.Builder((RSAKey) issuer.published())
            .privateKey(issuer.pair().getPrivate())
            .build();

    assertThatThrownBy(() -> parse(Issuer.keys(whole)))
        .hasMessageContaining("file=keys.json has a private key");
  }

  @Test
  void whatNobodyKnowsYetIsPassedOver() throws Exception {
    String rsa = Issuer.rsa("k").published().toJSONString();

    assertThat(parse("{\"keys\":[" + OF_THE_FUTURE + "," + rsa + "],\"more\":1}").size())
        .isEqualTo(1);
  }

  @Test
  void thereAreNoMoreThanCanBeTried() {
    List<Issuer> many = new ArrayList<>();
    for (int i = 0; i < 33; i++) {
      many.add(Issuer.edwards("k" + i));
    }

    assertThatThrownBy(() -> parse(Issuer.keys(many.toArray(Issuer[]::new))))
        .hasMessageStartingWith("file=keys.json has 33 keys to verify with");
  }

  @Test
  void aKeyThatStaysIsTheSameAndOneThatGoesIsRetired() throws Exception {
    Issuer stays = Issuer.rsa("stays");
    Issuer goes = Issuer.edwards("goes");
    KeySet before = parse(Issuer.keys(stays, goes));

    KeySet after = KeySet.parse(Issuer.keys(stays).getBytes(UTF_8), "keys", before);
    before.retireAllBut(after);

    assertThat(after.named("stays").getFirst()).isSameAs(before.named("stays").getFirst());
    assertThat(after.named("stays").getFirst().isRetired()).isFalse();
    assertThat(before.named("goes").getFirst().isRetired()).isTrue();
    assertThat(after.named("goes")).isEmpty();
    assertThat(after.hasSameKeysAs(before)).isFalse();
  }
}
