package dev.loopgate.logshipper;

import java.io.IOException;
import java.net.UnknownHostException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/// What an answer of S3 that is none of those hoped for means: ask again, or a person must act.
final class S3Failures {
  /*
   * Only what is listed is final. A status in a list of its own counts before the code, and the code
   * before the rest of the status: S3 has said 200 and sent an error, and a clock that is wrong is a
   * 403 that goes by.
   */
  private static final Set<String> PASSING =
      Set.of(
          "RequestTimeTooSkewed",
          "RequestTimeout",
          "RequestTimeoutException",
          "SlowDown",
          "ServiceUnavailable",
          "InternalError",
          "ExpiredToken",
          "TokenRefreshRequired",
          "OperationAborted",
          "ConditionalRequestConflict",
          "PriorRequestNotComplete",
          "NoSuchUpload", // a multipart upload begins anew
          // The bytes were altered on their way: they are sent again.
          "BadDigest",
          "IncompleteBody",
          "XAmzContentSHA256Mismatch",
          "XAmzContentChecksumMismatch");

  private static final int MESSAGE_LENGTH_MAX = 200;

  private S3Failures() {}

  /// Whether a person must act before it is of use to ask again.
  static boolean isRefusal(SdkException e) {
    if (!(e instanceof AwsServiceException answer)) {
      return false; // nothing came, or it was not even sent: a connection, a time-out, credentials
    }
    int status = answer.statusCode();
    String code = codeOf(answer);
    if (PASSING.contains(code) || code.contains("Throttl") || code.startsWith("TooManyRequests")) {
      return false;
    }
    return switch (status) {
      case 307, 408, 409, 425, 429 -> false;
      case 501 -> true;
      default -> status >= 300 && status < 500;
    };
  }

  /// What to throw.
  ///
  /// @param where bucket and key
  /// @param step the S3 action that was asked for, like `PutObject`
  static IOException of(String where, String step, SdkException e) {
    if (!(e instanceof AwsServiceException answer)) {
      return new IOException(where + ": " + step + ": " + clientsOwn(e), e);
    }
    String code = codeOf(answer);
    String said = where + ": " + step + ": " + answer.statusCode();
    if (!code.isEmpty()) { // an answer to HEAD has no body that could name one
      said += ' ' + code;
    }
    return isRefusal(e)
        ? new StoreRefusedException(said + messageOf(answer) + "; " + advice(step, answer), e)
        : new IOException(said + messageOf(answer), e);
  }

  /// What the client itself has to say, without the list of all places it looked at.
  static String clientsOwn(SdkException e) {
    String message = oneLine(e.getMessage());
    if (message.startsWith("Unable to load region")) {
      return "no region is found in environment, profile or instance: set s3.region";
    }
    // The SDK says that a name is unknown, but not which.
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof UnknownHostException) {
        return "the host's name has no address: " + oneLine(cause.getMessage());
      }
    }
    return message.startsWith("Unable to load credentials")
        ? "no credentials are found in environment, web identity, profile, container or instance"
        : message;
  }

  static String codeOf(AwsServiceException e) {
    AwsErrorDetails details = e.awsErrorDetails();
    String code = details == null ? null : details.errorCode();
    return code == null ? "" : code;
  }

  private static String messageOf(AwsServiceException e) {
    AwsErrorDetails details = e.awsErrorDetails();
    String message = details == null ? null : details.errorMessage();
    return message == null || message.isEmpty() ? "" : " (" + oneLine(message) + ")";
  }

  private static String advice(String step, AwsServiceException e) {
    String code = codeOf(e);
    String region = regionOf(e);
    if (e.statusCode() == 301
        || (e.statusCode() == 400 && code.isEmpty() && !region.isEmpty())
        || code.equals("PermanentRedirect")
        || code.equals("AuthorizationHeaderMalformed")
        || code.equals("IllegalLocationConstraintException")) {
      return "the bucket is in another region: set s3.region"
          + (region.isEmpty() ? "" : " to " + region);
    }
    if (code.startsWith("KMS.")) {
      return "the key of s3.kms-key can't be used: needs kms:GenerateDataKey and kms:Decrypt";
    }
    if (code.equals("InvalidAccessKeyId") || code.equals("SignatureDoesNotMatch")) {
      return "the store does not know these credentials: look at those of this process";
    }
    if (code.equals("NotImplemented") || e.statusCode() == 501) {
      return "the store lacks what is needed: writes with If-None-Match, see s3.names, or checksums, see"
          + " s3.checksum";
    }
    if (e.statusCode() == 400 && code.isEmpty()) {
      return "the store does not say why: most likely the bucket is in another region, see s3.region,"
          + " or a token has expired, see the credentials of this process";
    }
    if (e.statusCode() == 403 && step.equals("HeadObject")) {
      return "needs s3:GetObject, and s3:ListBucket: without it an absent object is a 403, too";
    }
    if (e.statusCode() == 403) {
      return "needs "
          + (step.equals("ListObjectsV2") ? "s3:ListBucket" : "s3:" + permissionOf(step))
          + " for these credentials";
    }
    if (e.statusCode() == 404) {
      return "there is no such bucket: make it, or name another in files";
    }
    return "nothing is published until the store takes it";
  }

  private static String permissionOf(String step) {
    return step.equals("GetObject") ? "GetObject" : "PutObject"; // a multipart upload's too
  }

  private static String regionOf(AwsServiceException e) {
    AwsErrorDetails details = e.awsErrorDetails();
    return details == null || details.sdkHttpResponse() == null
        ? ""
        : details.sdkHttpResponse().firstMatchingHeader("x-amz-bucket-region").orElse("");
  }

  private static String oneLine(@Nullable String text) {
    if (text == null) {
      return "";
    }
    String line = text.replaceAll("\\p{Cntrl}+", " ");
    return line.length() <= MESSAGE_LENGTH_MAX
        ? line
        : line.substring(0, MESSAGE_LENGTH_MAX) + "...";
  }
}
