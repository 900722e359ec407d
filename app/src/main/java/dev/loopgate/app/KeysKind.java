package dev.loopgate.app;

import dev.loopgate.policy.PolicyConfig;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;

/// Where the keys of tokens are published: a file, a URL, or nowhere.
record KeysKind() implements Kind<Optional<PolicyConfig.Published>> {
  private static final String NONE = "none";

  @Override
  public Optional<PolicyConfig.Published> parse(Raw raw) {
    if (!(raw instanceof Raw.Text(String _, String text))) {
      throw new NotAllowedException(allowed());
    }
    if (text.equals(NONE)) {
      return Optional.empty();
    }
    if (text.contains("://")) {
      return Optional.of(new PolicyConfig.AtUrl(url(text)));
    }
    try {
      return Optional.of(new PolicyConfig.InFile(new Kind.Place().parse(raw)));
    } catch (NotAllowedException _) {
      throw new NotAllowedException(allowed());
    }
  }

  private URI url(String text) {
    try {
      URI url = new URI(text);
      String scheme = url.getScheme() == null ? "" : url.getScheme().toLowerCase(Locale.ROOT);
      if ((scheme.equals("http") || scheme.equals("https"))
          && url.getHost() != null
          && url.getPort() <= 65_535
          && url.getPort() != 0
          && url.getRawUserInfo() == null
          && url.getRawFragment() == null) {
        return url;
      }
    } catch (URISyntaxException _) {
      // Said below.
    }
    throw new NotAllowedException(allowed());
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
