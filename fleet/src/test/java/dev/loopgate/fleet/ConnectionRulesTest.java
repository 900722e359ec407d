package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Section 7 of the contract, message by message.
final class ConnectionRulesTest {
  private static final String FAILED = "Validation of connection is failed: ";

  private static final ConnectionRules RULES = new ConnectionRules(HostKeys.NONE);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'type':'s3','uri':'u','region':'r','keyID':'YQ==','keySecret':'YQ=='",
        "'type':'gcs','uri':'u','region':'r','keySecret':'YQ=='",
        "'type':'azureblob','uri':'u','keySecret':'YQ=='",
        "'type':'git','uri':'u','publicKey':'YQ=='",
        "'type':'docker','uri':'u','username':'n','password':'YQ=='",
        "'type':'ecr','uri':'1.dkr.ecr.eu-west-1.amazonaws.com','keyID':'YQ==','keySecret':'YQ=='",
      })
  void everyTypeIsAccepted(String spec) {
    assertThat(check("c", spec).message()).isEmpty();
    assertThat(check("c", spec).isAccepted()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'type':'s3','uri':'u','role':'x' | s3 type requires that region must be non-empty;"
            + " s3 type does not support role parameter yet;"
            + " s3 type requires that keyID and keySecret parameters must be non-empty",
        "'type':'gcs','role':'x' | empty uri; gcs type requires that region must be non-empty;"
            + " gcs type does not support role parameter yet must be non-empty;"
            + " gcs type requires that keySecret parameter must be non-empty",
        "'type':'azureblob','uri':'u' | azureblob type requires that keySecret parameter contains"
            + " HTTP endpoint with SAS Token",
        "'type':'docker','uri':'u' | docker type requires the password parameter;"
            + " docker type requires the username parameter",
        "'type':'ecr','uri':'ghcr.io' | not valid uri for ecr type: ghcr.io, allowed:"
            + " <account>.dkr.ecr.<region>.amazonaws.com;"
            + " ecr type requires that keyID and keySecret parameters must be non-empty",
        "'type':'ecr' | empty uri;"
            + " ecr type requires that keyID and keySecret parameters must be non-empty",
        "'type':'git','uri':'u' | can not extract the public SSH host key from URI: it is not"
            + " asked for; allowed: a publicKey",
        "'type':'git' | empty uri",
        "'type':'ftp','uri':'u' | unknown type: ftp. Supported types: [s3 gcs azureblob git docker"
            + " ecr]",
        "'uri':'u' | unknown type: . Supported types: [s3 gcs azureblob git docker ecr]",
      })
  void tellsWhatIsWrong(String spec, String message) {
    assertThat(check("c", spec).message()).isEqualTo(FAILED + message);
  }

  @Test
  void whatIsNoBase64IsToldFirstAndNotShown() {
    Verdict<ConnectionSpec> verdict =
        check(
            "",
            "'type':'docker','username':'u','password':'geheim!','keySecret':'abc',"
                + "'keyID':'ab=c','publicKey':'=abc'");

    assertThat(verdict.message())
        .isEqualTo(
            FAILED
                + "password must be base64-encoded, error: illegal base64 data at input byte 6;"
                + " key secret must be base64-encoded, error: illegal base64 data at input byte 3;"
                + " key id must be base64-encoded, error: illegal base64 data at input byte 3;"
                + " public key must be base64-encoded, error: illegal base64 data at input byte 0;"
                + " ID is not valid; empty \"ID\"; empty uri");
    assertThat(verdict.toString()).doesNotContain("geheim", "abc");
  }

  @ParameterizedTest
  @CsvSource({
    "YWI=, true",
    "YWJj, true",
    "YW\\nJj, true",
    "YQ=, false",
    "YQ===, false",
    "Y===, false",
    "YQ==YQ==, false",
    "YWJ, false",
    "YW J, false"
  })
  void base64HasItsPadding(String text, boolean good) {
    assertThat(EncodedText.problem(text.replace("\\n", "\n")).isEmpty()).isEqualTo(good);
  }

  @Test
  void theRegionComesFromTheUri() {
    ConnectionSpec spec =
        check(
                "c",
                "'type':'ecr','uri':'https://12.dkr.ecr.eu-west-1.amazonaws.com/x:1',"
                    + "'keyID':'YQ==','keySecret':'Yg=='")
            .spec();

    assertThat(spec.region()).isEqualTo("eu-west-1");
    assertThat(spec.keySecret()).isEqualTo(new Secret("Yg=="));
  }

  @Test
  void theKeyOfAHostIsAskedForWhereNoneIsSaid() {
    ConnectionRules asking = new ConnectionRules(uri -> new Secret("a2V5"));
    ConnectionSpec spec = Bodies.spec(Kind.CONNECTION, "{'type':'git','uri':'git@x:y'}");

    assertThat(asking.check("c", spec, null).spec().publicKey()).isEqualTo(new Secret("a2V5"));
  }

  @Test
  void theMaskMeansTheSecretThatIsThere() {
    ConnectionSpec before =
        Bodies.spec(
            Kind.CONNECTION,
            "{'type':'docker','uri':'u','username':'n','password':'YQ==','keyID':'Yg==',"
                + "'keySecret':'Yw==','publicKey':'ZA=='}");
    ConnectionSpec sent =
        Bodies.spec(
            Kind.CONNECTION,
            "{'type':'docker','uri':'u','username':'m','password':'*****','keyID':'*****',"
                + "'keySecret':'ZQ=='}");

    ConnectionSpec after = RULES.check("c", sent, before).spec();

    assertThat(List.of(after.password(), after.keyID(), after.keySecret(), after.publicKey()))
        .containsExactly(new Secret("YQ=="), new Secret("Yg=="), new Secret("ZQ=="), Secret.NONE);
    assertThat(after.username()).isEqualTo("m");
  }

  @ParameterizedTest
  @CsvSource({"docker, v", "s3, u"})
  void noSecretGoesWhereItWasNotDeclaredFor(String type, String uri) {
    ConnectionSpec before =
        Bodies.spec(
            Kind.CONNECTION,
            "{'type':'docker','uri':'u','username':'n','password':'YQ==','keyID':'Yg==',"
                + "'keySecret':'Yw==','publicKey':'ZA=='}");
    ConnectionSpec sent =
        Bodies.spec(
            Kind.CONNECTION,
            "{'type':'"
                + type
                + "','uri':'"
                + uri
                + "','region':'r','username':'n','password':'*****','keyID':'ZQ==',"
                + "'keySecret':'*****','publicKey':'*****'}");

    Verdict<ConnectionSpec> verdict = RULES.check("c", sent, before);

    assertThat(verdict.message())
        .isEqualTo(
            FAILED
                + "password must be given again, because type or uri is another;"
                + " key secret must be given again, because type or uri is another;"
                + " public key must be given again, because type or uri is another");
    assertThat(verdict.violations().stream().map(Violation::pointer))
        .containsExactly("/spec/password", "/spec/keySecret", "/spec/publicKey");
    assertThat(verdict.spec().password()).isEqualTo(new Secret(Secret.MASK));
  }

  @Test
  void aMaskForNothingIsNoSecret() {
    assertThat(check("c", "'type':'docker','uri':'u','username':'n','password':'*****'").message())
        .isEqualTo(
            FAILED + "password must be base64-encoded, error: illegal base64 data at input byte 0");
  }

  @Test
  void aVitalOneStays() {
    Instant now = Instant.parse("2026-11-27T10:00:00Z");

    assertThat(
            ConnectionRules.refusalOfDeletion(
                Declared.created(
                    Kind.CONNECTION,
                    "c",
                    Bodies.spec(Kind.CONNECTION, "{'type':'docker','vital':true}"),
                    now,
                    1)))
        .contains("c connection is vital, it cannot be deleted");
    assertThat(
            ConnectionRules.refusalOfDeletion(
                Declared.created(
                    Kind.CONNECTION,
                    "c",
                    Bodies.spec(Kind.CONNECTION, "{'type':'docker','vital':false}"),
                    now,
                    1)))
        .isEmpty();
  }

  private static Verdict<ConnectionSpec> check(String id, String fields) {
    return RULES.check(id, Bodies.spec(Kind.CONNECTION, "{" + fields + "}"), null);
  }
}
