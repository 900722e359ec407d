package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StagingTest {
  private static final URI NOWHERE = URI.create("http://127.0.0.1:1");

  @TempDir Path directory;

  @Test
  void whatWaitsForARemoteStoreIsItsOwnersAlone() throws IOException {
    Path s3 = directory.resolve("s3");
    Files.createDirectory(s3);
    Files.setPosixFilePermissions(s3, PosixFilePermissions.fromString("rwxr-xr-x"));
    S3Config config =
        new S3Config(
            NOWHERE,
            null,
            true,
            S3Config.Encryption.NONE,
            null,
            false,
            S3Config.Integrity.CRC32C,
            S3Config.Names.CREATE_ONLY);
    try (S3Store store = S3Store.open(new FilesRoot.S3("bucket", ""), config, s3)) {
      assertThat(modeOf(s3)).isEqualTo("rwx------");
      assertThat(modeOf(staged(store))).isEqualTo("rw-------");
    }

    Path gcs = directory.resolve("deep/gcs");
    try (GcsStore store =
        GcsStore.open(new FilesRoot.Gcs("bucket", ""), new GcsConfig(NOWHERE, null), gcs)) {
      assertThat(modeOf(gcs)).isEqualTo("rwx------");
      assertThat(modeOf(staged(store))).isEqualTo("rw-------");
    }
  }

  @Test
  void whatWaitsForADirectoryHasTheModeItIsReadWithThere() throws IOException {
    Path other = Files.createFile(directory.resolve("of-the-umask"));
    LocalStore store = LocalStore.open(directory.resolve("files"), "0123456789ab");

    assertThat(modeOf(staged(store))).isEqualTo(modeOf(other));
  }

  private static Path staged(ObjectStore store) throws IOException {
    Staging staging = new Staging(new LocalFileTree(), store);
    try (Staging.Output output = staging.create("a")) {
      output.write('a');
      output.finish();
    }
    return staging.pathOf("a");
  }

  private static String modeOf(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
