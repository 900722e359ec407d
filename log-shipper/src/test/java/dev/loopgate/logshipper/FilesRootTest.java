package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FilesRootTest {
  @Test
  void namesADirectoryOrABucketAndItsPrefix() {
    assertThat(FilesRoot.parse("data/files")).isEqualTo(new FilesRoot.Local(Path.of("data/files")));
    assertThat(FilesRoot.parse("file:///var/files"))
        .isEqualTo(new FilesRoot.Local(Path.of("/var/files")));
    assertThat(FilesRoot.parse("s3://bucket")).isEqualTo(new FilesRoot.S3("bucket", ""));
    assertThat(FilesRoot.parse("s3://bucket/")).isEqualTo(new FilesRoot.S3("bucket", ""));
    assertThat(FilesRoot.parse("s3://b.c-d/one/two=3/"))
        .isEqualTo(new FilesRoot.S3("b.c-d", "one/two=3"))
        .hasToString("s3://b.c-d/one/two=3");
    assertThat(FilesRoot.parse("gs://my_bucket/a"))
        .isEqualTo(new FilesRoot.Gcs("my_bucket", "a"))
        .hasToString("gs://my_bucket/a");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "s3://",
        "s3:///a",
        "s3:/bucket/a",
        "s3:bucket",
        "GS:bucket",
        "s3://Bucket/a",
        "s3://b/a",
        "s3://bucket//",
        "s3://bucket//a",
        "s3://bucket/a//b",
        "s3://bucket/../a",
        "s3://bucket/a/..",
        "s3://bucket/./a",
        "s3://bucket/.hidden",
        "s3://bucket/a b",
        "s3://bucket/a?b",
        "s3://bucket/\u00fc",
        "s3://user:secret@bucket/a",
        "gs://bucket/../a",
        "https://bucket.s3.amazonaws.com/a",
        "file://host/a",
        "file:a",
        "a\u0000b",
        "a\nb"
      })
  void whatIsNoRootOrCouldLeaveItIsRefused(String text) {
    assertThatThrownBy(() -> FilesRoot.parse(text))
        .as(text)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(FilesRoot.ALLOWED);
  }
}
