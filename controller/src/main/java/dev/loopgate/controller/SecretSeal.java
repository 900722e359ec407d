package dev.loopgate.controller;

import dev.loopgate.fleet.Secret;
import dev.loopgate.fleet.SecretText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// Seals secrets for the disk: AES-256-GCM under the key in a file that only its owner may read.
/// What is sealed is bound to its connection and field, so that it opens nowhere else. Confined to
/// who writes.
///
/// ```text
/// secrets.key   32 random bytes
/// sealed        base64 of nonce (12 bytes), ciphertext, tag (16 bytes)
/// ```
final class SecretSeal {
  private static final String NAME = "secrets.key";
  private static final int KEY_BYTES = 32;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final String CIPHER = "AES/GCM/NoPadding";

  private final StoreFiles files;
  private final Path directory;
  private final Path file;
  private final SecureRandom random = new SecureRandom();
  private @Nullable SecretKey key; // null until there is something to seal

  private SecretSeal(StoreFiles files, Path directory, @Nullable SecretKey key) {
    this.files = files;
    this.directory = directory;
    this.file = directory.resolve(NAME);
    this.key = key;
  }

  /// With the key in `directory`, if there is one.
  ///
  /// @throws IOException when others may read it, or it is none
  static SecretSeal open(StoreFiles files, Path directory) throws IOException {
    Path file = directory.resolve(NAME);
    if (!files.exists(file)) {
      return new SecretSeal(files, directory, null);
    }
    if (!files.isPrivate(file)) {
      throw new IOException(
          "declared state: others may read the key of secrets: file="
              + file
              + ", allowed=rw------- (chmod 600)");
    }
    byte[] bytes = files.read(file, KEY_BYTES);
    if (bytes.length != KEY_BYTES) {
      throw new IOException(
          "declared state: the key of secrets is none: file="
              + file
              + ", bytes="
              + bytes.length
              + ", allowed="
              + KEY_BYTES);
    }
    return new SecretSeal(files, directory, new SecretKeySpec(bytes, "AES"));
  }

  /// Makes the key when there is none yet.
  void prepare() throws IOException {
    if (key != null) {
      return;
    }
    byte[] bytes = new byte[KEY_BYTES];
    random.nextBytes(bytes);
    files.replace(directory, NAME, bytes); // before anything that only it opens
    key = new SecretKeySpec(bytes, "AES");
  }

  /// Seals the secrets of this connection. [#prepare] was called.
  SecretText sealing(String id) {
    return (field, secret) -> seal(id, field, secret);
  }

  /// Opens the secrets of this connection; throws an `IllegalArgumentException` that says why one
  /// can't be opened.
  SecretText opening(String id) {
    return (field, sealed) -> unseal(id, field, sealed);
  }

  private String seal(String id, String field, Secret secret) {
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    try {
      Cipher cipher = cipher(Cipher.ENCRYPT_MODE, nonce, id, field);
      byte[] sealed = cipher.doFinal(secret.text().getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder()
          .encodeToString(
              ByteBuffer.allocate(NONCE_BYTES + sealed.length).put(nonce).put(sealed).array());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + CIPHER, e);
    }
  }

  private String unseal(String id, String field, Secret sealed) {
    if (key == null) {
      throw new IllegalArgumentException("its key is gone: key=" + file);
    }
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(sealed.text()));
      byte[] nonce = new byte[NONCE_BYTES];
      if (bytes.remaining() < NONCE_BYTES) {
        throw new IllegalArgumentException("it is cut");
      }
      bytes.get(nonce);
      byte[] rest = new byte[bytes.remaining()];
      bytes.get(rest);
      return new String(
          cipher(Cipher.DECRYPT_MODE, nonce, id, field).doFinal(rest), StandardCharsets.UTF_8);
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "secret can't be opened: field=" + field + ", key=" + file, e);
    }
  }

  private Cipher cipher(int mode, byte[] nonce, String id, String field)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance(CIPHER);
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD((id + "\n" + field).getBytes(StandardCharsets.UTF_8));
    return cipher;
  }
}
