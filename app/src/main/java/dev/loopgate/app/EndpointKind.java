package dev.loopgate.app;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;

/// Where a store is asked, or nowhere else than where its maker has it.
record EndpointKind() implements Kind<Optional<URI>> {
  private static final String NONE = "none";

  @Override
  public Optional<URI> parse(Raw raw) {
    String text = Kind.text(raw, allowed());
    if (text.equals(NONE)) {
      return Optional.empty();
    }
    try {
      URI url = new URI(text);
      String scheme = url.getScheme() == null ? "" : url.getScheme().toLowerCase(Locale.ROOT);
      if ((scheme.equals("http") || scheme.equals("https"))
          && url.getHost() != null
          && url.getPort() <= 65_535
          && url.getPort() != 0
          && url.getRawUserInfo() == null
          && url.getRawQuery() == null
          && url.getRawFragment() == null
          && (url.getRawPath().isEmpty() || url.getRawPath().equals("/"))) {
        return Optional.of(url);
      }
    } catch (URISyntaxException _) {
      // Said below.
    }
    throw new NotAllowedException(allowed());
  }

  @Override
  public String label() {
    return "URL";
  }

  @Override
  public String allowed() {
    return "none, or a URL like https://s3.internal:9000";
  }
}
