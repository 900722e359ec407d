package dev.loopgate.app;

import dev.loopgate.logshipper.FilesRoot;
import java.util.Optional;

/// Where published files lie, `auto` for their place in the data directory, `none` for no files.
record FilesKind() implements Kind<Optional<FilesRoot>> {
  private static final String AUTO = "auto";
  private static final String NONE = "none";

  @Override
  public Optional<FilesRoot> parse(Raw raw) {
    String text = Kind.text(raw, allowed());
    if (text.equals(AUTO)) {
      return Optional.empty();
    }
    if (text.equals(NONE)) {
      return Optional.of(new FilesRoot.Nowhere());
    }
    try {
      return Optional.of(FilesRoot.parse(text));
    } catch (IllegalArgumentException e) {
      throw new NotAllowedException(AUTO + ", " + NONE + ", " + e.getMessage());
    }
  }

  @Override
  public String label() {
    return "PATH or URL";
  }

  @Override
  public String allowed() {
    return AUTO + ", " + NONE + ", " + FilesRoot.ALLOWED;
  }
}
