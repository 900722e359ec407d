package dev.loopgate.app;

import java.util.regex.Pattern;

/// What prefixes lie under: a path without a slash at its end; empty for anything.
record RoutePrefixKind() implements Kind<String> {
  private static final String ANY = "none";
  private static final Pattern PATH =
      Pattern.compile("(/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,62}){1,8}");

  @Override
  public String parse(Raw raw) {
    String text = Kind.text(raw, allowed());
    if (text.equals(ANY)) {
      return "";
    }
    if (!PATH.matcher(text).matches()) {
      throw new NotAllowedException(allowed());
    }
    return text;
  }

  @Override
  public String label() {
    return "PATH";
  }

  @Override
  public String allowed() {
    return "none, or a path like /custom";
  }
}
