package dev.loopgate.app;

import java.net.URI;
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
    Optional<URI> url =
        Kind.httpUrl(text)
            .filter(sound -> sound.getRawQuery() == null && isRoot(sound.getRawPath()));
    if (url.isEmpty()) {
      throw new NotAllowedException(allowed());
    }
    return url;
  }

  private static boolean isRoot(String path) {
    return path.isEmpty() || path.equals("/");
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
