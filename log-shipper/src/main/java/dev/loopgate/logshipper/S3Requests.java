package dev.loopgate.logshipper;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompletedMultipartUpload;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.EncodingType;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.RequestPayer;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/// What is asked of S3, with all that the configuration says. Any thread.
final class S3Requests {
  /// Beside each object: who made it, see [StagedFile#owner].
  static final String OWNER = "loopgate-owner";

  /// Beside each object: the CRC32C of its bytes, 8 hex digits.
  static final String CRC32C = "loopgate-crc32c";

  private static final String NONE_MATCH = "*"; // create, or 412

  private final FilesRoot.S3 root;
  private final S3Config config;

  S3Requests(FilesRoot.S3 root, S3Config config) {
    this.root = root;
    this.config = config;
  }

  /// The whole key in the bucket.
  String keyOf(String path) {
    return root.prefix().isEmpty() ? path : root.prefix() + '/' + path;
  }

  /// What all keys of ours begin with.
  String base() {
    return root.prefix().isEmpty() ? "" : root.prefix() + '/';
  }

  PutObjectRequest put(String path, StagedFile file) throws IOException {
    PutObjectRequest.Builder put =
        PutObjectRequest.builder()
            .bucket(root.bucket())
            .key(keyOf(path))
            .ifNoneMatch(condition())
            .contentType(Compression.ofPath(path).contentType())
            .contentLength(file.size())
            .metadata(metadataOf(file))
            .serverSideEncryption(config.encryption().algorithm())
            .ssekmsKeyId(config.encryption().kmsKey())
            .storageClass(config.storageClass())
            .requestPayer(payer());
    return switch (config.integrity()) {
      case CRC32C -> put.checksumCRC32C(base64(file.crc32c())).build();
      case MD5 -> put.contentMD5(md5(file)).build();
    };
  }

  CreateMultipartUploadRequest beginParts(String path, StagedFile file) {
    return CreateMultipartUploadRequest.builder()
        .bucket(root.bucket())
        .key(keyOf(path))
        .contentType(Compression.ofPath(path).contentType())
        .metadata(metadataOf(file))
        .checksumAlgorithm(
            config.integrity() == S3Config.Integrity.CRC32C ? ChecksumAlgorithm.CRC32_C : null)
        .serverSideEncryption(config.encryption().algorithm())
        .ssekmsKeyId(config.encryption().kmsKey())
        .storageClass(config.storageClass())
        .requestPayer(payer())
        .build();
  }

  UploadPartRequest part(String path, String upload, int number, byte[] bytes) {
    UploadPartRequest.Builder part =
        UploadPartRequest.builder()
            .bucket(root.bucket())
            .key(keyOf(path))
            .uploadId(upload)
            .partNumber(number)
            .contentLength((long) bytes.length)
            .requestPayer(payer());
    return switch (config.integrity()) {
      case CRC32C -> part.checksumCRC32C(base64(Checksum.of(bytes).crc32c())).build();
      case MD5 -> part.contentMD5(base64(digest().digest(bytes))).build();
    };
  }

  CompleteMultipartUploadRequest complete(
      String path, String upload, CompletedMultipartUpload parts) {
    return CompleteMultipartUploadRequest.builder()
        .bucket(root.bucket())
        .key(keyOf(path))
        .uploadId(upload)
        .multipartUpload(parts)
        .ifNoneMatch(condition())
        .requestPayer(payer())
        .build();
  }

  HeadObjectRequest head(String path) {
    return HeadObjectRequest.builder()
        .bucket(root.bucket())
        .key(keyOf(path))
        .requestPayer(payer())
        .build();
  }

  GetObjectRequest get(String path) {
    return GetObjectRequest.builder()
        .bucket(root.bucket())
        .key(keyOf(path))
        .requestPayer(payer())
        .build();
  }

  ListObjectsV2Request list(String prefix, int keysMax, @Nullable String continued) {
    return ListObjectsV2Request.builder()
        .bucket(root.bucket())
        .prefix(base() + prefix)
        .maxKeys(keysMax)
        .continuationToken(continued)
        .encodingType(EncodingType.URL) // XML can't hold every name that others may have given
        .requestPayer(payer())
        .build();
  }

  String bucket() {
    return root.bucket();
  }

  private Map<String, String> metadataOf(StagedFile file) {
    return Map.of(OWNER, file.owner(), CRC32C, Checksum.hex(file.crc32c()));
  }

  private @Nullable String condition() {
    return config.names() == S3Config.Names.CREATE_ONLY ? NONE_MATCH : null;
  }

  private @Nullable RequestPayer payer() {
    return config.requesterPays() ? RequestPayer.REQUESTER : null;
  }

  private static String base64(int crc32c) {
    return base64(ByteBuffer.allocate(Integer.BYTES).putInt(crc32c).array()); // big-endian
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static String md5(StagedFile file) throws IOException {
    MessageDigest digest = digest();
    if (file.size() == 0) {
      return base64(digest.digest());
    }
    byte[] buffer = new byte[64 << 10];
    try (InputStream in = Files.newInputStream(file.path())) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        digest.update(buffer, 0, count);
      }
    }
    return base64(digest.digest());
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("MD5: every JDK has it", e);
    }
  }
}
