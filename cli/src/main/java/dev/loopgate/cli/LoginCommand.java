package dev.loopgate.cli;

import java.util.EnumMap;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/// `login`: tries credentials and keeps them in the user's file.
final class LoginCommand implements ClientVerb {
  private static final String CLIENT_ID = "--client_id";
  private static final String CLIENT_SECRET = "--client_secret";
  private static final String ISSUER = "--issuer";

  private LoginCommand() {}

  static CommandSpec of(Surroundings around) {
    CommandSpec spec =
        ClientCommand.of("login", "Try credentials and keep them.", new LoginCommand(), around);
    ClientOptions.addText(spec, "URL", "Where the API is.", ClientOptions.URL, "--api-host");
    ClientOptions.addText(spec, "TOKEN", "A bearer token.", ClientOptions.TOKEN);
    ClientOptions.addText(
        spec, "ID", "A client that gets tokens as itself.", CLIENT_ID, ClientOptions.CLIENT_ID);
    ClientOptions.addText(
        spec, "SECRET", "Its secret.", CLIENT_SECRET, ClientOptions.CLIENT_SECRET);
    ClientOptions.addText(spec, "URL", "Who gives tokens.", ISSUER, ClientOptions.ISSUER_URL);
    return spec;
  }

  @Override
  public int run(Call call) throws ClientException, InterruptedException {
    if (call.text(ClientOptions.URL).isEmpty()) {
      throw call.usage("missing option '--url'");
    }
    String id = call.text(CLIENT_ID);
    String secret = call.text(CLIENT_SECRET);
    String token = call.text(ClientOptions.TOKEN);
    if (!token.isEmpty() && !(id.isEmpty() && secret.isEmpty())) {
      throw new ClientException(
          "You should use either --token or --client_id/--client_secret to login");
    }
    if (id.isEmpty() != secret.isEmpty()) {
      throw new ClientException(
          "You must pass both client_id and client_secret to client_credentials login");
    }
    String url = UrlText.base(call.text(ClientOptions.URL));
    Map<Variable, String> kept = nothing();
    kept.put(Variable.API_URL, url);
    if (!token.isEmpty()) {
      kept.put(Variable.API_TOKEN, token);
    } else if (!id.isEmpty()) {
      kept.putAll(asClient(call, id, secret));
    } else {
      kept.putAll(new BrowserLogin(call).granted(issuer(call)));
    }
    call.api(url, kept.getOrDefault(Variable.API_TOKEN, "")).check();
    call.settings().file().change(kept);
    call.out().println("Success! Credentials have been saved.");
    return Cli.OK;
  }

  /// What a login or a logout forgets of those before.
  static Map<Variable, String> nothing() {
    Map<Variable, String> nothing = new EnumMap<>(Variable.class);
    nothing.put(Variable.API_TOKEN, "");
    nothing.put(Variable.API_REFRESH_TOKEN, "");
    nothing.put(Variable.ODAHUFLOWCTL_OAUTH_CLIENT_SECRET, "");
    return nothing;
  }

  private static Map<Variable, String> asClient(Call call, String id, String secret)
      throws ClientException, InterruptedException {
    String issuer = call.text(ISSUER); // said, not what an earlier login left
    if (issuer.isEmpty()) {
      throw new ClientException(
          "You must provide --issuer parameter to do client_credentials login");
    }
    Tokens tokens = new Tokens(call.calls());
    String at = call.settings().get(Variable.ODAHUFLOWCTL_OAUTH_TOKEN_URL);
    String token =
        tokens.ofClient(at.isEmpty() ? tokens.discover(issuer).token() : at, id, secret).token();
    return Map.of(
        Variable.API_TOKEN, token,
        Variable.ISSUER_URL, issuer,
        Variable.ODAHUFLOWCTL_OAUTH_CLIENT_ID, id,
        Variable.ODAHUFLOWCTL_OAUTH_CLIENT_SECRET, secret);
  }

  private static String issuer(Call call) throws ClientException {
    return call.given(ISSUER).orElse(call.settings().get(Variable.ISSUER_URL));
  }
}
