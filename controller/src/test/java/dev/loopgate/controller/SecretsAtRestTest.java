package dev.loopgate.controller;

import static dev.loopgate.controller.DeclaredStoreContract.kept;
import static dev.loopgate.fleet.Kind.CONNECTION;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// No secret of a connection is on the disk as it is, and none opens but where it belongs.
final class SecretsAtRestTest {
  private static final String PASSWORD = "R2VoZWltbmlz";
  private static final List<String> SECRETS =
      List.of(PASSWORD, "a2V5SUQ=", "a2V5U2VjcmV0", "cHVibGljS2V5");

  @TempDir Path root;

  @BeforeEach
  void declareTwo() throws Exception {
    try (FileStore store = open()) {
      kept(store.create(CONNECTION, "one", Specs.docker(PASSWORD)));
      kept(store.create(CONNECTION, "two", Specs.docker(PASSWORD)));
    }
  }

  @Test
  void noneStandsInAFile() throws Exception {
    String one = Files.readString(file("one"));
    String two = Files.readString(file("two"));

    assertThat(one).contains("registry", "ann").doesNotContain(SECRETS);
    assertThat(two).doesNotContain(SECRETS);
    assertThat(sealed(one, "password")).isNotEqualTo(sealed(two, "password"));
  }

  @Test
  void allAreThereAfterARestart() throws Exception {
    try (FileStore store = open()) {
      assertThat(store.get(CONNECTION, "one").orElseThrow().spec())
          .isEqualTo(Specs.docker(PASSWORD));
    }
  }

  @Test
  void theKeyIsItsOwnersAlone() throws Exception {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key())))
        .isEqualTo("rw-------");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----"})
  void aKeyThatOthersMayReadIsRefused(String mode) throws Exception {
    Files.setPosixFilePermissions(key(), PosixFilePermissions.fromString(mode));

    assertThatThrownBy(this::open)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("others may read the key of secrets: file=" + key());
  }

  @Test
  void aLostKeyIsRefused() throws Exception {
    Files.delete(key());

    assertRefused("its key is gone");
    assertThat(key()).doesNotExist();
  }

  @Test
  void anotherKeyIsRefused() throws Exception {
    byte[] other = Files.readAllBytes(key());
    other[0] ^= 1;
    Files.write(key(), other);

    assertRefused("secret can't be opened: field=password");
  }

  @Test
  void aKeyOfAnotherLengthIsRefused() throws Exception {
    Files.write(key(), new byte[16]);

    assertThatThrownBy(this::open).hasMessageContaining("bytes=16, allowed=32");
  }

  @Test
  void aSecretOfAnotherConnectionIsRefused() throws Exception {
    String one = Files.readString(file("one"));
    String two = Files.readString(file("two"));
    Files.writeString(file("one"), one.replace(sealed(one, "password"), sealed(two, "password")));

    assertRefused("secret can't be opened: field=password");
  }

  @Test
  void aSecretOfAnotherFieldIsRefused() throws Exception {
    String one = Files.readString(file("one"));
    Files.writeString(file("one"), one.replace(sealed(one, "password"), sealed(one, "keySecret")));

    assertRefused("secret can't be opened: field=password");
  }

  @ParameterizedTest
  @ValueSource(strings = {PASSWORD, "AAAA", "*****"})
  void whatIsNotSealedIsRefused(String plain) throws Exception {
    String one = Files.readString(file("one"));
    Files.writeString(file("one"), one.replace(sealed(one, "password"), plain));

    assertRefused("secret can't be opened: field=password");
  }

  private void assertRefused(String why) {
    assertThatThrownBy(this::open)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("file=" + file("one"))
        .hasMessageContaining(why)
        .hasMessageNotContainingAny(SECRETS.toArray(String[]::new));
  }

  private FileStore open() throws IOException {
    return FileStore.open(root.resolve("declared"), new ManualClock(), new Random(7));
  }

  private Path file(String id) {
    return root.resolve("declared").resolve("connection").resolve(id + ".json");
  }

  private Path key() {
    return root.resolve("declared").resolve("secrets.key");
  }

  private static String sealed(String file, String field) {
    return file.replaceFirst("(?s).*\"" + field + "\" : \"([^\"]*)\".*", "$1");
  }
}
