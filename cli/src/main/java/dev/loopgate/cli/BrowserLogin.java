package dev.loopgate.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A person logs in with a browser: the authorization code comes back to this machine alone (RFC
/// 8252), and is worth nothing to who did not ask for it (PKCE, RFC 7636). Confined to one run.
final class BrowserLogin {
  private static final Duration WITHIN = Duration.ofMinutes(5);
  private static final String PATH = "/oauth/callback";
  private static final int BACKLOG = 8;

  private final Call call;
  private final SecureRandom random = new SecureRandom();

  BrowserLogin(Call call) {
    this.call = call;
  }

  /// What came to the redirect.
  private record Redirected(String code, String state, String error) {}

  /// What is to be kept.
  ///
  /// @param issuer empty where nobody said who it is
  Map<Variable, String> granted(String issuer) throws ClientException, InterruptedException {
    String id = call.settings().get(Variable.ODAHUFLOWCTL_OAUTH_CLIENT_ID);
    if (issuer.isEmpty() || id.isEmpty()) {
      throw new ClientException(
          "Login by browser needs an issuer (--issuer or ISSUER_URL) and a client"
              + " (ODAHUFLOWCTL_OAUTH_CLIENT_ID); or use --token, or --client_id and"
              + " --client_secret");
    }
    Tokens tokens = new Tokens(call.calls());
    Tokens.Endpoints endpoints = endpoints(tokens, issuer);
    BlockingQueue<Redirected> redirects = new ArrayBlockingQueue<>(1);
    HttpServer door = open(redirects);
    try {
      String redirect = "http://127.0.0.1:" + door.getAddress().getPort() + PATH;
      String state = word();
      String verifier = word();
      call.tell(
          "open this in a browser: "
              + url(endpoints.authorization(), id, redirect, state, challenge(verifier)));
      Tokens.Granted granted =
          tokens.grant(endpoints.token(), exchange(id, redirect, verifier, code(redirects, state)));
      Map<Variable, String> kept = new EnumMap<>(Variable.class);
      kept.put(Variable.API_TOKEN, granted.token());
      kept.put(Variable.API_REFRESH_TOKEN, granted.refresh());
      kept.put(Variable.ISSUER_URL, issuer);
      return kept;
    } finally {
      door.stop(0);
    }
  }

  private Tokens.Endpoints endpoints(Tokens tokens, String issuer)
      throws ClientException, InterruptedException {
    String authorization = call.settings().get(Variable.ODAHUFLOWCTL_OAUTH_AUTH_URL);
    String token = call.settings().get(Variable.ODAHUFLOWCTL_OAUTH_TOKEN_URL);
    Tokens.Endpoints said =
        authorization.isEmpty() || token.isEmpty()
            ? tokens.discover(issuer)
            : new Tokens.Endpoints(authorization, token);
    Tokens.Endpoints chosen =
        new Tokens.Endpoints(
            authorization.isEmpty() ? said.authorization() : authorization,
            token.isEmpty() ? said.token() : token);
    if (chosen.authorization().isEmpty()) {
      throw new ClientException("Issuer " + issuer + " names no authorization_endpoint");
    }
    return chosen;
  }

  /// Each look of the browser is answered; what does not belong to this login is passed over.
  private String code(BlockingQueue<Redirected> redirects, String state)
      throws ClientException, InterruptedException {
    long deadline = call.around().time().nanos() + WITHIN.toNanos();
    while (true) {
      @Nullable Redirected came =
          redirects.poll(
              Math.max(0, deadline - call.around().time().nanos()), TimeUnit.NANOSECONDS);
      if (came == null) {
        throw new ClientException("Nobody logged in within " + WITHIN.toMinutes() + " min");
      }
      boolean ours =
          MessageDigest.isEqual(
              came.state.getBytes(StandardCharsets.UTF_8), state.getBytes(StandardCharsets.UTF_8));
      if (ours && !came.code.isEmpty()) {
        return came.code;
      }
      if (ours) {
        throw new ClientException("Login was refused: " + PrintableText.line(came.error, 200));
      }
    }
  }

  private static HttpServer open(BlockingQueue<Redirected> redirects) throws ClientException {
    try {
      InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
      HttpServer door = HttpServer.create(new InetSocketAddress(loopback, 0), BACKLOG);
      door.createContext(PATH, exchange -> take(exchange, redirects));
      door.start();
      return door;
    } catch (IOException e) {
      throw new ClientException("Can not listen for the browser: " + e.getMessage());
    }
  }

  private static void take(HttpExchange exchange, BlockingQueue<Redirected> redirects)
      throws IOException {
    try {
      Map<String, String> query = UrlText.fields(exchange.getRequestURI().getRawQuery());
      boolean taken = redirects.remainingCapacity() > 0; // one thread handles all
      byte[] text =
          (taken ? "You may close this window." : "Too many at once.")
              .getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().add("content-type", "text/plain");
      exchange.sendResponseHeaders(taken ? 200 : 503, text.length);
      exchange.getResponseBody().write(text);
      exchange.getResponseBody().close(); // before it is told: who is told closes the door
      if (taken) {
        redirects.add(
            new Redirected(
                query.getOrDefault("code", ""),
                query.getOrDefault("state", ""),
                query.getOrDefault("error", "no code came")));
      }
    } finally {
      exchange.close();
    }
  }

  private String url(
      String authorization, String id, String redirect, String state, String challenge)
      throws ClientException {
    Map<String, String> query = new LinkedHashMap<>();
    query.put("response_type", "code");
    query.put("client_id", id);
    query.put("redirect_uri", redirect);
    query.put("scope", call.settings().get(Variable.ODAHUFLOWCTL_OAUTH_SCOPE));
    query.put("state", state);
    query.put("code_challenge", challenge);
    query.put("code_challenge_method", "S256");
    return authorization + (authorization.contains("?") ? "&" : "?") + UrlText.form(query);
  }

  private static Map<String, String> exchange(
      String id, String redirect, String verifier, String code) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("grant_type", "authorization_code");
    fields.put("client_id", id);
    fields.put("redirect_uri", redirect);
    fields.put("code", code);
    fields.put("code_verifier", verifier);
    return fields;
  }

  private String word() {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static String challenge(String verifier) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(StandardCharsets.US_ASCII));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }
}
