package dev.loopgate.cli;

import java.util.Locale;
import java.util.Optional;

/// What the verbs of a client may be told by variables of the environment, or by their file.
enum Variable {
  API_URL("http://localhost:5000", Trait.PLAIN, "Where the API is"),
  API_TOKEN("", Trait.SECRET, "The bearer token"),
  API_REFRESH_TOKEN("", Trait.SECRET, "What a new token is asked for with"),
  ISSUER_URL("", Trait.PLAIN, "Who gives tokens"),
  MODEL_DEPLOYMENT_NAME("", Trait.PLAIN, "The deployment that is asked if none is named"),
  MODEL_ROUTE_NAME("", Trait.PLAIN, "The route that is asked if none is named"),
  RETRY_ATTEMPTS("3", Trait.PLAIN, "How often the API is asked again after 429 and 5xx"),
  ODAHUFLOWCTL_OAUTH_AUTH_URL("", Trait.SYSTEM, "Where a person logs in; else the issuer says it"),
  ODAHUFLOWCTL_OAUTH_TOKEN_URL("", Trait.SYSTEM, "Where tokens are given; else the issuer says it"),
  ODAHUFLOWCTL_OAUTH_CLIENT_ID("", Trait.SYSTEM, "The client that tokens are asked for as"),
  ODAHUFLOWCTL_OAUTH_CLIENT_SECRET("", Trait.SYSTEM_SECRET, "Its secret"),
  ODAHUFLOWCTL_OAUTH_SCOPE(
      "openid profile email offline_access", Trait.SYSTEM, "What is asked for");

  /// Who is shown it.
  private enum Trait {
    PLAIN,
    SECRET,
    SYSTEM,
    SYSTEM_SECRET
  }

  private final String fallback;
  private final Trait trait;
  private final String meaning;

  Variable(String fallback, Trait trait, String meaning) {
    this.fallback = fallback;
    this.trait = trait;
    this.meaning = meaning;
  }

  /// The one of this name, in any case.
  static Optional<Variable> of(String name) {
    for (Variable variable : values()) {
      if (variable.name().equals(name.toUpperCase(Locale.ROOT))) {
        return Optional.of(variable);
      }
    }
    return Optional.empty();
  }

  /// What holds where nobody says anything.
  String fallback() {
    return fallback;
  }

  /// Whether it is shown only to who asks for secrets.
  boolean isSecret() {
    return trait == Trait.SECRET || trait == Trait.SYSTEM_SECRET;
  }

  /// Whether few need it.
  boolean isSystem() {
    return trait == Trait.SYSTEM || trait == Trait.SYSTEM_SECRET;
  }

  /// One line.
  String meaning() {
    return meaning;
  }
}
