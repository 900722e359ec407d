package dev.loopgate.app;

import dev.loopgate.logshipper.FilesRoot;
import java.util.Optional;

/// Where published files lie, or `auto` for their place in the data directory.
record FilesKind() implements Kind<Optional<FilesRoot>> {
  private static final String AUTO = "auto";

  @Override
  public Optional<FilesRoot> parse(Raw raw) {
    String text = Kind.text(raw, allowed());
    if (text.equals(AUTO)) {
      return Optional.empty();
    }
    try {
      return Optional.of(FilesRoot.parse(text));
    } catch (IllegalArgumentException e) {
      throw new NotAllowedException(AUTO + ", " + e.getMessage());
    }
  }

  @Override
  public String label() {
    return "PATH or URL";
  }

  @Override
  public String allowed() {
    return AUTO + ", " + FilesRoot.ALLOWED;
  }
}
