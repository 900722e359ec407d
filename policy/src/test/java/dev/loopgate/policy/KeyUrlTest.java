package dev.loopgate.policy;

import static dev.loopgate.policy.OpenPolicy.word;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Keys at a URL that fails, hangs, answers anything, and rotates its keys.
@Timeout(60)
final class KeyUrlTest {
  private static final Issuer ISSUER = Issuer.rsa("k");
  private static final Issuer NEXT = Issuer.edwards("next");

  private final List<AutoCloseable> closing = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : closing.reversed()) {
      each.close();
    }
  }

  private KeysServer server(KeysServer.Answer answer) throws Exception {
    KeysServer server = new KeysServer(answer);
    closing.add(server);
    return server;
  }

  private OpenPolicy open(URI url, Duration within) throws Exception {
    PolicyConfig defaults = PolicyConfig.of(new PolicyConfig.AtUrl(url));
    OpenPolicy open =
        new OpenPolicy(
            new PolicyConfig(
                defaults.keys(),
                defaults.expected(),
                new PolicyConfig.Freshness(
                    Duration.ofMinutes(5), Duration.ofHours(1), Duration.ofSeconds(10), within),
                false,
                defaults.cacheBytesMax()));
    closing.add(open);
    return open;
  }

  private OpenPolicy open(KeysServer server) throws Exception {
    return open(server.url(), Duration.ofSeconds(20));
  }

  private static String good(OpenPolicy open, Issuer by) {
    String algorithm = by.kid().equals("k") ? "RS256" : "EdDSA";
    return by.token(algorithm, Issuer.claims(open.time.epochMillis(), "odahu_admin"));
  }

  private static void awaitTold(OpenPolicy open, String part) {
    OpenPolicy.await(part, () -> open.told().stream().anyMatch(word -> word.contains(part)));
  }

  @Test
  void theFirstTokenWaitsForTheFirstKeys() throws Exception {
    KeysServer server = server(KeysServer.keys(ISSUER));
    OpenPolicy open = open(server);

    assertThat(word(open.decide(good(open, ISSUER)))).isEqualTo("ok");
    assertThat(server.asked()).isEqualTo(1);
  }

  @Test
  void keysAreReadAheadOfTheirEndAndNotForEachToken() throws Exception {
    KeysServer server = server(KeysServer.keys(ISSUER));
    OpenPolicy open = open(server);
    for (int i = 0; i < 50; i++) {
      assertThat(word(open.decide(good(open, ISSUER)))).isEqualTo("ok");
    }
    assertThat(server.asked()).isEqualTo(1);

    server.answer(KeysServer.keys(NEXT));
    String old = good(open, ISSUER);
    open.decide(old);
    open.time.advance(Duration.ofMinutes(5));
    OpenPolicy.await("the next keys", () -> open.read.get() == 2);

    assertThat(word(open.decide(old))).isEqualTo("401 unknown_key");
    assertThat(word(open.decide(good(open, NEXT)))).isEqualTo("ok");
  }

  @Test
  void anUnknownKeyIsAskedForButNotAgainAndAgain() throws Exception {
    KeysServer server = server(KeysServer.keys(ISSUER));
    OpenPolicy open = open(server);
    open.decide(good(open, ISSUER));

    server.answer(KeysServer.keys(ISSUER, NEXT));
    assertThat(word(open.decide(good(open, NEXT)))).isEqualTo("ok");
    assertThat(server.asked()).isEqualTo(2);

    Issuer forger = Issuer.edwards("invented");
    for (int i = 0; i < 100; i++) {
      String token =
          forger.token(
              Map.of("alg", "EdDSA", "kid", "invented" + i),
              Issuer.claims(open.time.epochMillis()));
      assertThat(word(open.decide(token))).isEqualTo("401 unknown_key");
    }
    assertThat(server.asked()).isEqualTo(2);

    open.time.advance(Duration.ofSeconds(10));
    assertThat(word(open.decide(good(open, forger)))).isEqualTo("401 unknown_key");
    assertThat(server.asked()).isEqualTo(3);
  }

  @Test
  void withoutKeysNobodyPassesUntilTheyCanBeRead() throws Exception {
    KeysServer server = server(KeysServer.text(503, "later"));
    OpenPolicy open = open(server);
    assertThat(word(open.decide(good(open, ISSUER)))).isEqualTo("503 keys_unavailable");
    assertThat(word(open.decide(good(open, ISSUER)))).isEqualTo("503 keys_unavailable");
    assertThat(server.asked()).isEqualTo(1); // the second fell into the pause

    server.answer(KeysServer.keys(ISSUER));
    open.time.advance(Duration.ofSeconds(1));
    OpenPolicy.await("keys", () -> open.read.get() == 1);

    assertThat(word(open.decide(good(open, ISSUER)))).isEqualTo("ok");
    assertThat(open.told()).contains("keys " + shown(server) + " answered 503, not 200");
  }

  @Test
  void pausesGrowWhileItFails() throws Exception {
    KeysServer server = server(KeysServer.text(500, ""));
    OpenPolicy open = open(server);
    OpenPolicy.await("the first refusal", () -> !open.told().isEmpty());

    for (int seconds : new int[] {1, 2, 4, 8, 16, 32, 60, 60}) {
      int before = open.told().size();
      open.time.advance(Duration.ofSeconds(seconds).minusMillis(1));
      assertThat(word(open.decide(good(open, ISSUER)))).isEqualTo("503 keys_unavailable");
      assertThat(open.told()).hasSize(before + 1); // of the token
      open.time.advance(Duration.ofMillis(1));
      OpenPolicy.await("the next refusal", () -> open.told().size() == before + 2);
    }
    assertThat(server.asked()).isEqualTo(9);
  }

  @Test
  void staleKeysWorkForABoundedTime() throws Exception {
    KeysServer server = server(KeysServer.keys(ISSUER));
    OpenPolicy open = open(server);
    String known =
        ISSUER.token(
            "RS256",
            Issuer.claims(open.time.epochMillis() + Duration.ofHours(5).toMillis(), "odahu_admin"));
    assertThat(word(open.decide(known))).isEqualTo("ok");
    server.answer(KeysServer.text(500, "broken"));

    open.time.advance(Duration.ofMinutes(59));
    awaitTold(open, "answered 500");
    assertThat(word(open.decide(known))).isEqualTo("ok");
    assertThat(word(open.decide(good(open, ISSUER)))).isEqualTo("ok");

    open.time.advance(Duration.ofMinutes(1));
    assertThat(word(open.decide(known))).isEqualTo("503 keys_unavailable");
    assertThat(word(open.decide(good(open, ISSUER)))).isEqualTo("503 keys_unavailable");

    server.answer(KeysServer.keys(ISSUER));
    open.time.advance(Duration.ofMinutes(1));
    OpenPolicy.await("keys", () -> open.read.get() == 2);
    assertThat(word(open.decide(known))).isEqualTo("ok");
  }

  @Test
  void whatHangsOrTricklesIsGivenUp() throws Exception {
    KeysServer server = server(KeysServer.keys(ISSUER));
    server.answer(server.hanging());
    OpenPolicy open = open(server.url(), Duration.ofMillis(300));
    CompletableFuture<Decision> waits = open.ask("Bearer " + good(open, ISSUER));
    assertThat(word(waits.get(20, TimeUnit.SECONDS))).isEqualTo("503 keys_unavailable");
    awaitTold(open, "did not answer within 300ms");

    server.answer(server.trickling());
    open.time.advance(Duration.ofSeconds(1));
    OpenPolicy.await(
        "the second",
        () -> open.told().stream().filter(word -> word.contains("within 300ms")).count() == 2);
  }

  @Test
  void garbageIsNoKeySet() throws Exception {
    KeysServer server = server(KeysServer.text(200, "<html>s3cr3t</html>"));
    OpenPolicy open = open(server);
    awaitTold(open, "is no key set in JSON");

    server.answer(KeysServer.text(302, ""));
    open.time.advance(Duration.ofSeconds(1));
    awaitTold(open, "answered 302, not 200");

    server.answer(KeysServer.endless());
    open.time.advance(Duration.ofSeconds(2));
    awaitTold(open, "longer than 256KiB");

    server.answer(KeysServer.text(200, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}"));
    open.time.advance(Duration.ofSeconds(4));
    awaitTold(open, "has a symmetric key");
    assertThat(word(open.decide(good(open, ISSUER)))).isEqualTo("503 keys_unavailable");
    assertThat(open.told()).noneMatch(word -> word.contains("s3cr3t"));
  }

  @Test
  void whereNobodyListensNobodyPasses() throws Exception {
    KeysServer gone = new KeysServer(KeysServer.keys(ISSUER));
    gone.close();
    OpenPolicy open = open(gone.url(), Duration.ofSeconds(20));

    assertThat(word(open.decide(good(open, ISSUER)))).isEqualTo("503 keys_unavailable");
    awaitTold(open, "can't be read");
  }

  @Test
  void whoWaitsForKeysIsToldWhenItCloses() throws Exception {
    KeysServer server = server(KeysServer.keys(ISSUER));
    server.answer(server.hanging());
    OpenPolicy open = open(server);
    CompletableFuture<Decision> waits = open.ask("Bearer " + good(open, ISSUER));
    OpenPolicy.await("the request", () -> server.asked() == 1);
    assertThat(waits.isDone()).isFalse();

    open.close();

    assertThat(word(waits.get(20, TimeUnit.SECONDS))).isEqualTo("503 keys_unavailable");
  }

  private static String shown(KeysServer server) {
    return "url=" + server.url().toString().replaceAll("\\?.*", "");
  }
}
