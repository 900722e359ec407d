package dev.loopgate.policy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.Algorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64URL;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TokenReaderTest {
  private static final long NOW = 1_790_000_000_000L;
  private static final Issuer RSA = Issuer.rsa("k");

  private final TokenReader reader = reader(Issuer.NAME, "loopgate", "realm_access.roles");

  private static TokenReader reader(
      @Nullable String issuer, @Nullable String audience, String claim) {
    return new TokenReader(
        new PolicyConfig.Expected(issuer, audience, claim, Duration.ofSeconds(30)));
  }

  private static KeySet keys(Issuer... issuers) throws Exception {
    return set(Issuer.keys(issuers));
  }

  private static KeySet set(String json) throws Exception {
    return KeySet.parse(json.getBytes(UTF_8), "keys", KeySet.NONE);
  }

  private Verdict judge(String token) throws Exception {
    return reader.judge(token, keys(RSA), NOW);
  }

  private static Verdict refused(RefusalReason reason) {
    return new Verdict.Refused(reason);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
        "Ed25519"
      })
  void takesEachAlgorithmAndNoByteOfItChanged(String algorithm) throws Exception {
    Issuer issuer = Issuer.of(algorithm);
    String token = issuer.token(algorithm, Issuer.claims(NOW, "odahu_admin", "x"));

    assertThat(reader.judge(token, keys(issuer), NOW))
        .isInstanceOfSatisfying(
            Verdict.Verified.class,
            good -> {
              assertThat(good.principal()).isEqualTo("ada");
              assertThat(good.roles()).containsExactlyInAnyOrder("odahu_admin", "x");
              assertThat(good.untilMillis()).isEqualTo(NOW + 3_600_000);
            });
    Random random = new Random(7);
    for (int round = 0; round < 40; round++) {
      // Not the last character: some of its bits are no part of the bytes.
      int at = random.nextInt(token.length() - 1);
      char other = token.charAt(at) == 'A' ? 'B' : 'A';
      String changed = token.substring(0, at) + other + token.substring(at + 1);
      assertThat(reader.judge(changed, keys(issuer), NOW))
          .as("at=%d of %s", at, token)
          .isNotInstanceOf(Verdict.Verified.class);
    }
  }

  @Test
  void takesNoTokenOfAnotherKeyOfTheSameName() throws Exception {
    assertThat(judge(Issuer.rsa("k").token("RS256", Issuer.claims(NOW))))
        .isEqualTo(refused(RefusalReason.SIGNATURE));
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "None", "NONE", "HS256", "HS384", "HS512", "dir", "ES256K", ""})
  void takesNoOtherAlgorithm(String algorithm) throws Exception {
    String signed =
        Issuer.encoded(Map.of("alg", algorithm, "kid", "k"))
            + "."
            + Issuer.encoded(Issuer.claims(NOW, "odahu_admin"));

    for (String signature : List.of("", "AAAA", RSA.signature("RS256", signed))) {
      assertThat(judge(signed + "." + signature))
          .as("signature=%s", signature)
          .isEqualTo(refused(RefusalReason.ALGORITHM));
    }
  }

  @Test
  void isNotConfusedByASecretThatIsThePublicKey() throws Exception {
    String signed =
        Issuer.encoded(Map.of("alg", "HS256", "kid", "k"))
            + "."
            + Issuer.encoded(Issuer.claims(NOW, "odahu_admin"));
    byte[] der = RSA.pair().getPublic().getEncoded();
    String pem =
        "-----BEGIN PUBLIC KEY-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
            + "\n-----END PUBLIC KEY-----\n";

    for (byte[] secret :
        List.of(
            der,
            pem.getBytes(US_ASCII),
            RSA.published().toJSONString().getBytes(UTF_8),
            ((RSAPublicKey) RSA.pair().getPublic()).getModulus().toByteArray())) {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      String signature = Base64URL.encode(mac.doFinal(signed.getBytes(US_ASCII))).toString();
      assertThat(judge(signed + "." + signature)).isEqualTo(refused(RefusalReason.ALGORITHM));
    }
  }

  @Test
  void anAlgorithmIsItsKeysNotTheTokens() throws Exception {
    RSAKey rsa = (RSAKey) RSA.published();
    JWK only256 = new RSAKey.Builder(rsa).algorithm(new Algorithm("RS256")).build();
    KeySet keys = set(Issuer.keys(only256));

    assertThat(reader.judge(RSA.token("RS256", Issuer.claims(NOW)), keys, NOW))
        .isInstanceOf(Verdict.Verified.class);
    assertThat(reader.judge(RSA.token("PS256", Issuer.claims(NOW)), keys, NOW))
        .isEqualTo(refused(RefusalReason.ALGORITHM));
    Issuer curve = Issuer.curve("k", Curve.P_256);
    assertThat(reader.judge(curve.token("ES256", Issuer.claims(NOW)), keys, NOW))
        .isEqualTo(refused(RefusalReason.ALGORITHM));
  }

  @Test
  void aKeyForEncryptionVerifiesNothing() throws Exception {
    RSAKey rsa = (RSAKey) RSA.published();
    Issuer other = Issuer.rsa("other");
    JWK encryption = new RSAKey.Builder(rsa).keyUse(KeyUse.ENCRYPTION).build();
    KeySet keys = set(Issuer.keys(encryption, other.published()));

    assertThat(reader.judge(RSA.token("RS256", Issuer.claims(NOW)), keys, NOW))
        .isEqualTo(new Verdict.KeyMissing());
  }

  @Test
  void findsTheKeyByItsNameOrTriesAll() throws Exception {
    Issuer other = Issuer.rsa("other");
    Issuer nameless = Issuer.edwards(null);
    Map<String, Object> claims = Issuer.claims(NOW);

    assertThat(reader.judge(other.token("RS256", claims), keys(RSA, other), NOW))
        .isInstanceOf(Verdict.Verified.class);
    assertThat(reader.judge(other.token(Map.of("alg", "RS256"), claims), keys(RSA, other), NOW))
        .isInstanceOf(Verdict.Verified.class);
    assertThat(
            reader.judge(
                nameless.token(Map.of("alg", "EdDSA", "kid", "x"), claims),
                keys(RSA, nameless),
                NOW))
        .isInstanceOf(Verdict.Verified.class);
    assertThat(reader.judge(other.token("RS256", claims), keys(RSA), NOW))
        .isEqualTo(new Verdict.KeyMissing());
    assertThat(reader.judge(nameless.token(Map.of("alg", "EdDSA"), claims), keys(RSA), NOW))
        .isEqualTo(new Verdict.KeyMissing());
  }

  @Test
  void aKeyThatCameWithTheTokenIsNoKey() throws Exception {
    Issuer forger = Issuer.rsa("k");
    Map<String, Object> head = new HashMap<>();
    head.put("alg", "RS256");
    head.put("kid", "k");
    head.put("jwk", forger.published().toJSONObject());
    head.put("jku", "http://127.0.0.1:1/keys");

    assertThat(judge(forger.token(head, Issuer.claims(NOW, "odahu_admin"))))
        .isEqualTo(refused(RefusalReason.SIGNATURE));
  }

  @Test
  void knowsNoCriticalExtension() throws Exception {
    assertThat(
            judge(
                RSA.token(
                    Map.of("alg", "RS256", "kid", "k", "crit", List.of("x"), "x", 1),
                    Issuer.claims(NOW))))
        .isEqualTo(refused(RefusalReason.MALFORMED));
    assertThat(judge(RSA.token(Map.of("alg", "RS256", "b64", false), Issuer.claims(NOW))))
        .isEqualTo(refused(RefusalReason.MALFORMED));
  }

  @ParameterizedTest
  @CsvSource({
    "-29, OK",
    "-31, EXPIRED",
    "1, OK",
    "0, OK",
    "-30, EXPIRED",
    "1e300, EXPIRED",
    "x, EXPIRED"
  })
  void aTokenHasAnEnd(String secondsFromNow, String expected) throws Exception {
    Map<String, Object> claims = Issuer.claims(NOW);
    claims.put(
        "exp",
        switch (secondsFromNow) {
          case "x" -> "soon";
          case "1e300" -> 1e300;
          default -> NOW / 1000 + Long.parseLong(secondsFromNow);
        });

    check(RSA.token("RS256", claims), expected);
  }

  @Test
  void aTokenWithoutAnEndIsNone() throws Exception {
    Map<String, Object> claims = Issuer.claims(NOW);
    claims.remove("exp");

    check(RSA.token("RS256", claims), "EXPIRED");
  }

  @ParameterizedTest
  @CsvSource({"-100, OK", "29, OK", "30, OK", "31, NOT_YET_VALID", "x, NOT_YET_VALID"})
  void aTokenMayHaveABeginning(String secondsFromNow, String expected) throws Exception {
    Map<String, Object> claims = Issuer.claims(NOW);
    claims.put(
        "nbf", secondsFromNow.equals("x") ? "soon" : NOW / 1000 + Long.parseLong(secondsFromNow));

    check(RSA.token("RS256", claims), expected);
  }

  @Test
  void issuerAndAudienceAreWhatIsExpected() throws Exception {
    Map<String, Object> claims = Issuer.claims(NOW);
    claims.put("iss", Issuer.NAME + "/");
    check(RSA.token("RS256", claims), "ISSUER");
    claims.remove("iss");
    check(RSA.token("RS256", claims), "ISSUER");
    claims.put("iss", Issuer.NAME);
    claims.put("aud", List.of("other"));
    check(RSA.token("RS256", claims), "AUDIENCE");
    claims.remove("aud");
    check(RSA.token("RS256", claims), "AUDIENCE");
    claims.put("aud", "loopgate");
    check(RSA.token("RS256", claims), "OK");

    claims.put("iss", "anybody");
    claims.put("aud", "anything");
    assertThat(
            reader(null, null, "realm_access.roles")
                .judge(RSA.token("RS256", claims), keys(RSA), NOW))
        .isInstanceOf(Verdict.Verified.class);
  }

  @Test
  void rolesAreWhereTheyAreSaidToBe() throws Exception {
    Map<String, Object> claims = Issuer.claims(NOW, "a", "b");
    claims.put("roles", List.of("c", 7, Map.of()));
    claims.put("scope", "d e");
    claims.put("https://x.y/roles", List.of("f"));

    assertThat(rolesBy("realm_access.roles", claims)).containsExactlyInAnyOrder("a", "b");
    assertThat(rolesBy("roles", claims)).containsExactly("c");
    assertThat(rolesBy("scope", claims)).containsExactlyInAnyOrder("d", "e");
    assertThat(rolesBy("https://x.y/roles", claims)).containsExactly("f");
    assertThat(rolesBy("realm_access", claims)).isEmpty();
    assertThat(rolesBy("sub.roles", claims)).isEmpty();
    assertThat(rolesBy("nowhere", claims)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        ".",
        "..",
        "a.b",
        "a..c",
        ".b.c",
        "a.b.",
        "a.b.c.d",
        "a.b.c.d.e",
        "a.b.c",
        "e30.e30.AA",
        "W10.W10.AA",
        "bnVsbA.bnVsbA.AA",
        "eyJhbGciOiJSUzI1NiJ9.e30",
        "ew.ew.ew"
      })
  void whatIsNoTokenIsNone(String text) throws Exception {
    assertThat(judge(text)).isInstanceOf(Verdict.Refused.class);
  }

  @Test
  void nestingDoesNotExhaustTheStack() throws Exception {
    String deep = Base64URL.encode("{\"a\":" + "[".repeat(8_000)).toString();

    assertThat(judge(deep + "." + deep + ".AA")).isEqualTo(refused(RefusalReason.MALFORMED));
  }

  @Test
  void membersOfTheWrongTypeAreMalformed() throws Exception {
    assertThat(judge(RSA.token(Map.of("alg", "RS256", "kid", 7), Issuer.claims(NOW))))
        .isEqualTo(refused(RefusalReason.MALFORMED));
  }

  private Set<String> rolesBy(String claim, Map<String, Object> claims) throws Exception {
    Verdict verdict = reader(null, null, claim).judge(RSA.token("RS256", claims), keys(RSA), NOW);
    return ((Verdict.Verified) verdict).roles();
  }

  private void check(String token, String expected) throws Exception {
    Verdict verdict = judge(token);
    if (expected.equals("OK")) {
      assertThat(verdict).isInstanceOf(Verdict.Verified.class);
    } else {
      assertThat(verdict).isEqualTo(refused(RefusalReason.valueOf(expected)));
    }
  }
}
