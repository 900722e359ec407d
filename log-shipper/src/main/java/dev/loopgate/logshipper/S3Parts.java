package dev.loopgate.logshipper;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.AbortMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.CompletedMultipartUpload;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/// A file that is too large for one request, in parts. The object appears with the last request,
/// whole, or not at all. Holds one part in memory. Confined to one thread.
final class S3Parts {
  private final S3Client client;
  private final S3Requests requests;
  private final int partBytes;

  S3Parts(S3Client client, S3Requests requests, int partBytes) {
    this.client = client;
    this.requests = requests;
    this.partBytes = partBytes;
  }

  /// Whether the object was made; false says that there is one already. Begins anew each time: what
  /// an earlier upload left is given up, or the bucket's lifecycle rule removes it.
  boolean create(String path, StagedFile file) throws IOException {
    String upload = client.createMultipartUpload(requests.beginParts(path, file)).uploadId();
    try {
      return complete(path, upload, send(path, upload, file));
    } catch (IOException | RuntimeException e) {
      giveUp(path, upload, e);
      throw e;
    }
  }

  private List<CompletedPart> send(String path, String upload, StagedFile file) throws IOException {
    List<CompletedPart> parts = new ArrayList<>();
    try (InputStream in = Files.newInputStream(file.path())) {
      for (byte[] bytes = in.readNBytes(partBytes);
          bytes.length > 0;
          bytes = in.readNBytes(partBytes)) {
        int number = parts.size() + 1;
        UploadPartResponse sent =
            client.uploadPart(
                requests.part(path, upload, number, bytes), RequestBody.fromBytes(bytes));
        parts.add(
            CompletedPart.builder()
                .partNumber(number)
                .eTag(sent.eTag())
                .checksumCRC32C(sent.checksumCRC32C())
                .build());
      }
    }
    return parts;
  }

  private boolean complete(String path, String upload, List<CompletedPart> parts)
      throws IOException {
    try {
      CompleteMultipartUploadResponse answer =
          client.completeMultipartUpload(
              requests.complete(
                  path, upload, CompletedMultipartUpload.builder().parts(parts).build()));
      if (answer.eTag() == null) {
        throw new IOException(
            requests.keyOf(path) + ": CompleteMultipartUpload: 200 without an ETag proves nothing");
      }
      return true;
    } catch (AwsServiceException e) {
      if (e.statusCode() == 412) {
        giveUp(path, upload, e);
        return false;
      }
      throw e;
    }
  }

  private void giveUp(String path, String upload, Exception why) {
    try {
      client.abortMultipartUpload(
          AbortMultipartUploadRequest.builder()
              .bucket(requests.bucket())
              .key(requests.keyOf(path))
              .uploadId(upload)
              .build());
    } catch (SdkException e) {
      why.addSuppressed(e);
    }
  }
}
