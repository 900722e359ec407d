package dev.loopgate.app;

import dev.loopgate.policy.PolicyConfig;
import java.net.URI;
import java.util.Optional;

/// Where the keys of tokens are published: a file, a URL, or nowhere.
record KeysKind() implements Kind<Optional<PolicyConfig.Published>> {
  private static final String NONE = "none";

  @Override
  public Optional<PolicyConfig.Published> parse(Raw raw) {
    String text = Kind.text(raw, allowed());
    if (text.equals(NONE)) {
      return Optional.empty();
    }
    if (text.contains("://")) {
      URI url = Kind.httpUrl(text).orElseThrow(() -> new NotAllowedException(allowed()));
      return Optional.of(new PolicyConfig.AtUrl(url));
    }
    try {
      return Optional.of(new PolicyConfig.InFile(new Kind.Place().parse(raw)));
    } catch (NotAllowedException _) {
      throw new NotAllowedException(allowed());
    }
  }

  @Override
  public String label() {
    return "PATH or URL";
  }

  @Override
  public String allowed() {
    return "none, a path, or a URL like https://issuer/certs";
  }
}
