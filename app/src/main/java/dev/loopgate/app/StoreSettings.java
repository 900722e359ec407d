package dev.loopgate.app;

import static dev.loopgate.app.SettingsTable.setting;

import dev.loopgate.logshipper.Compression;
import dev.loopgate.logshipper.FilesRoot;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The settings of where files go: part of the table.
final class StoreSettings {
  private static final String NONE = "none";

  static final Setting<Optional<FilesRoot>> FILES =
      setting(
          "files",
          new FilesKind(),
          "auto",
          "Where published files go: a directory, or a bucket of S3 or Google Cloud Storage. auto: files/ in data."
              + " none: to sinks alone. Credentials are those that AWS' and Google's own tools find.");
  static final Setting<List<ConfiguredSink>> SINKS =
      setting(
          "sinks",
          new SinksKind(),
          Listing.NONE,
          "Where else every entry goes, each with its own progress: other files, or a Fluentd. What a required one has"
              + " not taken is kept; one that is not may be max-lag behind, and what is older is skipped and counted."
              + " Fields: `name url required max-lag tls-ca`; see operations.md.");
  static final Setting<String> FILES_COMPRESSION =
      setting(
          "files.compression",
          new Kind.Choice(Arrays.stream(Compression.values()).map(Compression::word).toList()),
          NONE,
          "How published files are compressed: their names end in .json, .json.gz or .json.zst. Holds for what is"
              + " staged from then on; files of all three may lie side by side.");
  static final Setting<Optional<URI>> S3_ENDPOINT =
      setting(
          "s3.endpoint",
          new EndpointKind(),
          NONE,
          "Another store than AWS' that speaks S3. It must know If-None-Match on PUT, or needs s3.names:"
              + " unique; one that ignores it is refused before the first file.");
  static final Setting<Optional<String>> S3_REGION =
      setting(
          "s3.region",
          new Kind.Word(true),
          NONE,
          "The bucket's region. none: what AWS' tools find (AWS_REGION, profile, instance); us-east-1 beside"
              + " s3.endpoint.");
  static final Setting<String> S3_PATH_STYLE =
      setting(
          "s3.path-style",
          new Kind.Choice(List.of("auto", "on", "off")),
          "auto",
          "on: the bucket's name is part of the path, not of the host. auto: on with s3.endpoint.");
  static final Setting<String> S3_ENCRYPTION =
      setting(
          "s3.encryption",
          new Kind.Choice(List.of(NONE, "AES256", "aws:kms")),
          NONE,
          "How S3 is asked to encrypt what it stores. none: as the bucket says.");
  static final Setting<Optional<String>> S3_KMS_KEY =
      setting(
          "s3.kms-key",
          new Kind.Word(true),
          NONE,
          "Id or ARN of the key of s3.encryption=aws:kms. none: the account's own.");
  static final Setting<String> S3_STORAGE_CLASS =
      setting(
          "s3.storage-class",
          new Kind.Choice(
              List.of(
                  NONE,
                  "STANDARD",
                  "STANDARD_IA",
                  "ONEZONE_IA",
                  "INTELLIGENT_TIERING",
                  "GLACIER_IR")),
          NONE,
          "The storage class of files: those that can be read at once. none: the store's own.");
  static final Setting<String> S3_REQUESTER_PAYS =
      setting(
          "s3.requester-pays",
          new Kind.Choice(List.of("on", "off")),
          "off",
          "on: requests to a bucket whose requesters pay are paid.");
  static final Setting<String> S3_CHECKSUM =
      setting(
          "s3.checksum",
          new Kind.Choice(List.of("crc32c", "when-required")),
          "crc32c",
          "What the store compares the bytes of an upload with. when-required: Content-MD5, for stores that refuse"
              + " checksum headers.");
  static final Setting<String> S3_NAMES =
      setting(
          "s3.names",
          new Kind.Choice(List.of("create-only", "unique")),
          "create-only",
          "What keeps gateways from replacing each other's files. create-only: numbers that they share, the store"
              + " refuses one that is taken. unique: numbers of 18 digits that only this gateway gives, for stores"
              + " that do not know If-None-Match.");
  static final Setting<Optional<URI>> GCS_ENDPOINT =
      setting(
          "gcs.endpoint",
          new EndpointKind(),
          NONE,
          "An emulator of Google Cloud Storage, asked without credentials.");
  static final Setting<Optional<String>> GCS_PROJECT =
      setting(
          "gcs.project",
          new Kind.Word(true),
          NONE,
          "The project that requests are counted for. none: what Google's tools find.");

  /// All of them, in the order of the documentation.
  static final List<Setting<?>> ALL =
      List.of(
          FILES,
          SINKS,
          FILES_COMPRESSION,
          S3_ENDPOINT,
          S3_REGION,
          S3_PATH_STYLE,
          S3_ENCRYPTION,
          S3_KMS_KEY,
          S3_STORAGE_CLASS,
          S3_REQUESTER_PAYS,
          S3_CHECKSUM,
          S3_NAMES,
          GCS_ENDPOINT,
          GCS_PROJECT);

  private StoreSettings() {}
}
