package dev.loopgate.policy;

import static dev.loopgate.policy.OpenPolicy.word;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Keys in a file.
@Timeout(60)
final class TokenPolicyTest {
  private static final Issuer ISSUER = Issuer.rsa("k");
  private static final Issuer NEXT = Issuer.edwards("next");

  @TempDir private Path directory;
  private Path file;
  private OpenPolicy open;

  @BeforeEach
  void open() throws Exception {
    file = directory.resolve("keys.json");
    write(Issuer.keys(ISSUER), 0);
    open = new OpenPolicy(PolicyConfig.of(new PolicyConfig.InFile(file)));
  }

  @AfterEach
  void close() {
    open.close();
    assertThat(open.told())
        .noneMatch(word -> word.startsWith("failed") || word.equals("answered twice"));
  }

  // With a time of its own, so that a change is seen however fast it comes.
  private void write(String text, int second) throws IOException {
    Path fresh = directory.resolve("fresh.json");
    Files.writeString(fresh, text);
    Files.setLastModifiedTime(fresh, FileTime.from(Instant.ofEpochSecond(1_700_000_000 + second)));
    Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
  }

  private String token(String... roles) {
    return ISSUER.token("RS256", Issuer.claims(open.time.epochMillis(), roles));
  }

  @Test
  void decidesByTheRolesOfAGoodToken() throws Exception {
    assertThat(open.decide(token("odahu_admin"))).isInstanceOf(Decision.Allowed.class);
    Decision.Allowed allowed = (Decision.Allowed) open.decide(token("odahu_data_scientist"));
    assertThat(allowed.principal()).isEqualTo("ada");
    assertThat(allowed.roles()).containsExactly("odahu_data_scientist");
    assertThat(word(open.decide(token("odahu_viewer")))).isEqualTo("403 role");
    String risk = "Bearer " + token("risk");
    assertThat(word(decide(risk, new Question.ToModel("risk", ModelPaths.ALL)))).isEqualTo("ok");
    assertThat(word(decide(risk, new Question.ToModel("other", ModelPaths.ALL))))
        .isEqualTo("403 role");
    assertThat(word(decide(risk, new Question.ToModel(null, ModelPaths.ALL))))
        .isEqualTo("403 role");
    assertThat(word(decide(risk, new Question.ToFeedback()))).isEqualTo("403 role");
    assertThat(word(decide("Bearer " + token("odahu_admin"), new Question.ToFeedback())))
        .isEqualTo("ok");
    assertThat(open.told()).filteredOn(word -> word.equals("refused role")).hasSize(4);
  }

  @Test
  void aPathThatNobodyMayCallIsForbiddenToAdminsTooAndAfterTheToken() throws Exception {
    String admin = "Bearer " + token("odahu_admin");
    String viewer = "Bearer " + token("odahu_viewer");
    Question.Target known = new Question.ToModel("risk", ModelPaths.OPEN_INFERENCE);
    String load = "/v2/repository/models/m/load";

    assertThat(word(open.decide(new Question("POST", "/v2/models/m/infer", List.of(admin), known))))
        .isEqualTo("ok");
    assertThat(word(open.decide(new Question("POST", load, List.of(admin), known))))
        .isEqualTo("403 path");
    assertThat(word(open.decide(new Question("PUT", "/v2/models/m/infer", List.of(admin), known))))
        .isEqualTo("403 path");
    assertThat(word(open.decide(new Question("POST", load, List.of(viewer), known))))
        .isEqualTo("403 role");
    assertThat(word(open.decide(new Question("POST", load, List.of(), known))))
        .isEqualTo("401 no_token");
    assertThat(word(open.decide(new Question("GET", "/healthz", List.of(), known))))
        .isEqualTo("ok");
    assertThat(open.told()).containsOnlyOnce("refused role").contains("refused path");
  }

  private Decision decide(String authorization, Question.Target target) throws Exception {
    return open.decide(new Question("POST", "/x", List.of(authorization), target));
  }

  @Test
  void openPathsNeedNoTokenAndFeedbackHasNone() throws Exception {
    Question health = new Question("GET", "/healthz", List.of("Bearer x.y.z"), OpenPolicy.MODEL);
    assertThat(word(open.decide(health))).isEqualTo("ok");
    assertThat(
            word(
                open.decide(new Question("GET", "/healthz", List.of(), new Question.ToFeedback()))))
        .isEqualTo("401 no_token");
    assertThat(word(open.decide(new Question("POST", "/healthz", List.of(), OpenPolicy.MODEL))))
        .isEqualTo("401 no_token");
  }

  @ParameterizedTest
  @CsvSource({
    "odahu_admin, ok, ok, ok, ok",
    "odahu_data_scientist, ok, ok, ok, 403 role",
    "odahu_viewer, ok, ok, 403 role, 403 role",
    "risk, ok, 403 role, 403 role, 403 role"
  })
  void theApiIsForTheRolesOfItsTable(
      String role, String anybody, String read, String deploy, String administer) throws Exception {
    String bearer = "Bearer " + token(role);

    assertThat(word(decide(bearer, new Question.ToApi(ApiAccess.ANYBODY)))).isEqualTo(anybody);
    assertThat(word(decide(bearer, new Question.ToApi(ApiAccess.READ)))).isEqualTo(read);
    assertThat(word(decide(bearer, new Question.ToApi(ApiAccess.DEPLOY)))).isEqualTo(deploy);
    assertThat(word(decide(bearer, new Question.ToApi(ApiAccess.ADMINISTER))))
        .isEqualTo(administer);
  }

  @Test
  void whatAnybodyMayAskOfTheApiNeedsNoTokenButNoBadOneEither() throws Exception {
    Question.Target anybody = new Question.ToApi(ApiAccess.ANYBODY);
    String forged = Issuer.rsa("k").token("RS256", Issuer.claims(open.time.epochMillis(), "x"));

    assertThat(word(open.decide(new Question("GET", "/health", List.of(), anybody))))
        .isEqualTo("ok");
    assertThat(word(decide("Basic dTpw", anybody))).isEqualTo("ok");
    assertThat(word(decide("Bearer " + forged, anybody))).isEqualTo("401 signature");
    assertThat(word(decide("Bearer x", anybody))).isEqualTo("401 malformed");
    assertThat(
            word(
                open.decide(
                    new Question("GET", "/health", List.of(), new Question.ToApi(ApiAccess.READ)))))
        .isEqualTo("401 no_token");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                 | no_token",
        "Basic dTpw         | no_token",
        "Bearer             | no_token",
        "Bearerx.y.z        | no_token",
        "'Bearer  '         | malformed",
        "Bearer a b         | malformed",
        "Bearer a.b.c,d     | malformed",
        "Bearer a.b.c=      | malformed",
        "Bearer a.b+.c      | malformed",
        "Bearer a/b.b.c     | malformed",
        "Bearer \u00e4.b.c  | malformed",
        "Bearer a.b.c       | malformed"
      })
  void whatIsNoBearerTokenIsUnauthorized(String authorization, String reason) throws Exception {
    assertThat(word(open.ask(authorization).get(20, TimeUnit.SECONDS))).isEqualTo("401 " + reason);
    assertThat(open.told()).containsExactly("refused " + reason);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bearer ", "BEARER ", "Bearer   "})
  void theSchemeIsNoMatterOfCase(String scheme) throws Exception {
    assertThat(word(open.ask(scheme + token("odahu_admin")).get(20, TimeUnit.SECONDS)))
        .isEqualTo("ok");
  }

  @Test
  void noHeaderOrTwoAreNoToken() throws Exception {
    assertThat(word(open.decide(new Question("POST", "/", List.of(), OpenPolicy.MODEL))))
        .isEqualTo("401 no_token");
    String good = "Bearer " + token("odahu_admin");
    assertThat(word(open.decide(new Question("POST", "/", List.of(good, good), OpenPolicy.MODEL))))
        .isEqualTo("401 malformed");
  }

  @Test
  void aHugeTokenIsNoneAndOneBelowIsJudged() throws Exception {
    assertThat(word(open.decide("a".repeat(TokenPolicy.TOKEN_LENGTH_MAX + 1))))
        .isEqualTo("401 malformed");
    assertThat(open.judged).hasValue(0);
    assertThat(word(open.decide(token("odahu_admin", "r".repeat(10_000))))).isEqualTo("ok");
  }

  @Test
  void aKnownTokenIsDecidedAtOnceAndNeverPastItsEnd() throws Exception {
    String token = token("odahu_admin");
    open.decide(token);
    assertThat(open.judged).hasValue(1);

    CompletableFuture<Decision> again = open.ask("Bearer " + token);
    assertThat(again.isDone()).isTrue();
    assertThat(open.judged).hasValue(1);

    open.time.advance(Duration.ofHours(1).plusSeconds(10)); // within the leeway: judged, not known
    assertThat(word(open.decide(token))).isEqualTo("ok");
    assertThat(open.judged).hasValue(2);
    open.time.advance(Duration.ofSeconds(20));
    assertThat(word(open.decide(token))).isEqualTo("401 expired");
  }

  @Test
  void aBadTokenIsNeverKnown() throws Exception {
    String forged = Issuer.rsa("k").token("RS256", Issuer.claims(open.time.epochMillis(), "x"));

    assertThat(word(open.decide(forged))).isEqualTo("401 signature");
    assertThat(word(open.decide(forged))).isEqualTo("401 signature");
    assertThat(open.judged).hasValue(2);
  }

  @Test
  void theSameTokenIsJudgedOnceForAllWhoAskMeanwhile() throws Exception {
    String token = token("odahu_admin");
    List<CompletableFuture<Decision>> all = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      all.add(open.ask("Bearer " + token));
    }

    for (CompletableFuture<Decision> each : all) {
      assertThat(word(each.get(20, TimeUnit.SECONDS))).isEqualTo("ok");
    }
    assertThat(open.judged).hasValue(1);
  }

  // A caller who looked before a judgment ended, and asks after it, finds what it found.
  @Test
  void aTokenIsJudgedOnceHoweverItsCallersMeetTheEndOfTheJudgment() throws Exception {
    int tokens = 300;
    for (int i = 0; i < tokens; i++) {
      String bearer = "Bearer " + token("odahu_admin", "r" + i);
      List<Thread> callers = new ArrayList<>();
      for (int j = 0; j < 3; j++) {
        callers.add(
            Thread.ofPlatform()
                .start(() -> {
                  CompletableFuture<Decision> asked = open.ask(bearer);
                  while (!asked.isDone()) {
                    asked = open.ask(bearer);
                  }
                }));
      }
      for (Thread each : callers) {
        each.join();
      }
    }
    assertThat(open.judged).hasValue(tokens);
  }

  @Test
  void aFloodOfTokensIsRefusedWhereItCanNotBeJudgedAndTheKnownPass() throws Exception {
    String known = token("odahu_admin");
    open.decide(known);
    // Each takes some 30 tries of a verification: two threads can't keep up with this one.
    String tail = "." + Issuer.encoded(Map.of("exp", 1)) + "." + "A".repeat(342);
    List<CompletableFuture<Decision>> flood = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      flood.add(open.ask("Bearer " + Issuer.encoded(Map.of("alg", "RS256", "n", i)) + tail));
    }
    assertThat(open.ask("Bearer " + known).isDone()).isTrue();

    int overloaded = 0;
    for (CompletableFuture<Decision> each : flood) {
      String word = word(each.get(20, TimeUnit.SECONDS));
      assertThat(word).isIn("401 signature", "503 overloaded");
      overloaded += word.startsWith("503") ? 1 : 0;
    }
    assertThat(overloaded).isPositive();
    assertThat(word(open.decide(token("odahu_viewer")))).isEqualTo("403 role");
  }

  @Test
  void aFileThatChangesIsReadAndWhatItsLostKeySignedIsNoGoodAnyMore() throws Exception {
    String old = token("odahu_admin");
    assertThat(word(open.decide(old))).isEqualTo("ok");

    write(Issuer.keys(NEXT), 1);
    open.time.advance(Duration.ofSeconds(2));
    OpenPolicy.await("the new keys", () -> open.read.get() == 2);

    assertThat(word(open.decide(old))).isEqualTo("401 unknown_key");
    assertThat(
            word(
                open.decide(
                    NEXT.token("EdDSA", Issuer.claims(open.time.epochMillis(), "odahu_admin")))))
        .isEqualTo("ok");
  }

  @Test
  void anUnknownKeyIsLookedForAtOnce() throws Exception {
    write(Issuer.keys(ISSUER, NEXT), 1);

    assertThat(
            word(
                open.decide(
                    NEXT.token("EdDSA", Issuer.claims(open.time.epochMillis(), "odahu_admin")))))
        .isEqualTo("ok");
  }

  @Test
  void aFileThatTurnsBadKeepsTheKeysAndIsTold() throws Exception {
    String token = token("odahu_admin");
    write("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", 1);
    open.time.advance(Duration.ofSeconds(2));
    OpenPolicy.await("the refusal", () -> !open.told().isEmpty());

    assertThat(open.told().getFirst()).startsWith("keys file=" + file + " has a symmetric key");
    assertThat(word(open.decide(token))).isEqualTo("ok");

    Files.delete(file);
    open.time.advance(Duration.ofDays(2));
    OpenPolicy.await(
        "the next refusal",
        () -> open.told().stream().anyMatch(word -> word.contains("not there")));
    assertThat(word(open.decide(token("odahu_admin")))).isEqualTo("ok");

    write(Issuer.keys(ISSUER, NEXT), 2);
    open.time.advance(Duration.ofSeconds(2));
    OpenPolicy.await("the good one", () -> open.read.get() == 2);
  }

  @Test
  void aSetWithoutKeysRevokesAllOfThem() throws Exception {
    String old = token("odahu_admin");
    assertThat(word(open.decide(old))).isEqualTo("ok");

    write("{\"keys\":[]}", 1);
    open.time.advance(Duration.ofSeconds(2));
    OpenPolicy.await("no keys", () -> open.read.get() == 2);

    assertThat(word(open.decide(old))).isEqualTo("503 keys_unavailable");
    assertThat(word(open.decide(token("odahu_viewer")))).isEqualTo("503 keys_unavailable");
    open.time.advance(Duration.ofMinutes(1));
    assertThat(word(open.decide(old))).isEqualTo("503 keys_unavailable");
    assertThat(open.told()).noneMatch(word -> word.startsWith("keys "));

    write(Issuer.keys(ISSUER), 2);
    open.time.advance(Duration.ofSeconds(11)); // beyond the pause between reads that tokens ask for
    assertThat(word(open.decide(old))).isEqualTo("ok");
  }

  @Test
  void anotherFileThatIsAsLongAndAsOldIsSeen() throws Exception {
    KeyFile keys = new KeyFile(file);
    keys.read();
    assertThat(keys.mayHaveChanged()).isFalse();

    write(Files.readString(file), 0);

    assertThat(keys.mayHaveChanged()).isTrue();
  }

  @Test
  void doesNotOpenWithoutKeysToBeTrusted() throws Exception {
    Path bad = directory.resolve("bad.json");
    PolicyConfig config = PolicyConfig.of(new PolicyConfig.InFile(bad));
    assertThatThrownBy(config::check).hasMessage("file=" + bad + " is not there or not readable");
    Files.writeString(bad, " ".repeat(KeySource.BYTES_MAX + 1));
    assertThatThrownBy(config::check).hasMessage("file=" + bad + " is longer than 256KiB");
    Files.writeString(bad, "{}");
    assertThatThrownBy(() -> new OpenPolicy(config))
        .isInstanceOf(KeysRefusedException.class)
        .hasMessageContaining("is no key set in JSON");
  }

  @Test
  void closedItRefuses() throws Exception {
    String token = token("odahu_admin");
    open.close();

    assertThat(word(open.decide(token))).startsWith("503 ");
  }
}
