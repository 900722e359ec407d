package dev.loopgate.runtime;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// An image of a registry, as people write it: `[registry/]path[:tag][@digest]`. All of it may
/// stand in a path of the Engine's API.
///
/// @param name registry and path, as they were written
/// @param version its tag, or its digest where there is one
record ImageReference(String name, String version) {
  private static final int LENGTH_MAX = 512;
  private static final String DOCKER = "docker:";
  private static final String LATEST = "latest";
  private static final String HUB = "docker.io";

  private static final String HOST =
      "(?:[a-zA-Z0-9]++(?:[.-]++[a-zA-Z0-9]++)*+|\\[[0-9a-fA-F:]{2,45}])(?::[0-9]{1,5})?";
  private static final String PATH =
      "[a-z0-9]++(?:(?:\\.|__?|-++)[a-z0-9]++)*+(?:/[a-z0-9]++(?:(?:\\.|__?|-++)[a-z0-9]++)*+)*+";
  private static final Pattern WRITTEN =
      Pattern.compile(
          "((?:"
              + HOST
              + "/)?"
              + PATH
              + ")(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
              + "(?:@(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?");

  /// What `image` names; empty when that can be no image of a registry.
  static Optional<ImageReference> parse(String image) {
    String reference = image.startsWith(DOCKER) ? image.substring(DOCKER.length()) : image;
    Matcher written = WRITTEN.matcher(reference);
    if (reference.length() > LENGTH_MAX || !written.matches()) {
      return Optional.empty();
    }
    String tag = written.group(2) == null ? LATEST : written.group(2);
    return Optional.of(
        new ImageReference(written.group(1), written.group(3) == null ? tag : written.group(3)));
  }

  /// The registry that it is pulled from, without a scheme.
  String registry() {
    int slash = name.indexOf('/');
    String first = slash < 0 ? "" : name.substring(0, slash);
    boolean isHost =
        first.indexOf('.') >= 0
            || first.indexOf(':') >= 0
            || first.equals("localhost")
            || first.chars().anyMatch(Character::isUpperCase);
    return isHost ? registryOf(first) : HUB;
  }

  /// The registry of an address, whatever stands around it.
  static String registryOf(String uri) {
    String rest = uri.replaceFirst("^[a-z]+://", "");
    int slash = rest.indexOf('/');
    String host = slash < 0 ? rest : rest.substring(0, slash);
    return host.equals("index.docker.io") || host.equals("registry-1.docker.io") ? HUB : host;
  }

  /// As the Engine is asked for it.
  @Override
  public String toString() {
    return name + (version.indexOf(':') < 0 ? ":" : "@") + version;
  }
}
