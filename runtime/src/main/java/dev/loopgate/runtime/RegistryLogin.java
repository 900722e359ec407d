package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.loopgate.fleet.ConnectionSpec;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// With what an image is pulled: what a connection says becomes what the Engine's header says. A
/// secret goes to the registry of its connection and to no other, whatever image is declared.
final class RegistryLogin {
  /// The header's name.
  static final String HEADER = "X-Registry-Auth";

  private static final String TYPE = "docker";

  private RegistryLogin() {}

  /// What the header says; empty for a pull without a name.
  ///
  /// @param pull the connection; null for none
  /// @throws ImageException when the connection is of no use here
  static Optional<String> header(@Nullable ConnectionSpec pull, ImageReference image)
      throws ImageException {
    if (pull == null) {
      return Optional.empty();
    }
    if (!pull.type().equals(TYPE)) {
      throw new ImageException(
          "connection: type="
              + pull.type()
              + " can't be pulled with on this machine, allowed=docker");
    }
    if (!isFor(pull, image)) {
      return Optional.empty();
    }
    ObjectNode login = JsonNodeFactory.instance.objectNode();
    login.put("username", pull.username());
    login.put("password", new String(decoded(pull), UTF_8));
    login.put("serveraddress", ImageReference.registryOf(pull.uri()));
    // URL-safe, and padded.
    return Optional.of(Base64.getUrlEncoder().encodeToString(login.toString().getBytes(UTF_8)));
  }

  /// What is to be added to why a pull failed.
  static String hint(@Nullable ConnectionSpec pull, ImageReference image) {
    return pull == null || isFor(pull, image)
        ? ""
        : "; its connection is for another registry, so it was pulled without a name";
  }

  private static boolean isFor(ConnectionSpec pull, ImageReference image) {
    return ImageReference.registryOf(pull.uri()).equals(image.registry());
  }

  private static byte[] decoded(ConnectionSpec pull) throws ImageException {
    try {
      return Base64.getMimeDecoder().decode(pull.password().text());
    } catch (IllegalArgumentException _) {
      throw new ImageException("connection: its password is no base64");
    }
  }
}
