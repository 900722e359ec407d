package dev.loopgate.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.RequestId;
import java.util.Optional;

/// What a feedback request turned out to be. The order of the checks is the contract's (section 3).
sealed interface FeedbackReading {
  /// Whole and valid.
  record Taken(Feedback feedback) implements FeedbackReading {}

  /// Not a feedback.
  ///
  /// @param error the text of the answer's `error`
  record Refused(int status, String error) implements FeedbackReading {}

  /// Longer names and versions are refused: each becomes a part of a path in the files.
  int NAME_BYTES_MAX = 1024;

  /// Longer keys are refused (contract section 3).
  int IDEMPOTENCY_KEY_BYTES_MAX = 256;

  /// The header with that key.
  String IDEMPOTENCY_KEY = "idempotency-key";

  /// Reads a feedback whose model only the headers tell.
  static FeedbackReading of(ApiRequest request, FeedbackConfig config, long arrivalMillis) {
    return read(request, "", "", "request-id", config, arrivalMillis);
  }

  /// Reads a feedback of the first generation's URL, whose path tells the model.
  static FeedbackReading of(
      DoorUrl.PathFeedback url, ApiRequest request, FeedbackConfig config, long arrivalMillis) {
    Optional<String> name = UrlEncoded.segment(url.modelId()).filter(FeedbackReading::isName);
    Optional<String> version =
        UrlEncoded.segment(url.modelVersion()).filter(FeedbackReading::isName);
    if (name.isEmpty() || version.isEmpty()) {
      return new Refused(404, "Incorrect model_id / model_version field value");
    }
    return read(request, name.get(), version.get(), "Request-ID", config, arrivalMillis);
  }

  private static FeedbackReading read(
      ApiRequest request,
      String pathName,
      String pathVersion,
      String idHeaderInErrors,
      FeedbackConfig config,
      long arrivalMillis) {
    String id = request.header("request-id");
    if (id.isEmpty()) {
      return new Refused(400, idHeaderInErrors + " header is missed");
    }
    if (!RequestId.isValid(id)) {
      return new Refused(400, "request-id header is not valid");
    }
    String name = pathName.isEmpty() ? ofHeaders(request, "model-name") : pathName;
    String version = pathVersion.isEmpty() ? ofHeaders(request, "model-version") : pathVersion;
    if (name.isEmpty() || version.isEmpty()) {
      return new Refused(400, "model-name or model-version header is empty");
    }
    if (!isName(name)) {
      return new Refused(400, nameRule("model-name"));
    }
    if (!isName(version)) {
      return new Refused(400, nameRule("model-version"));
    }
    String key = request.header(IDEMPOTENCY_KEY);
    if (!key.isEmpty() && !isIdempotencyKey(key)) {
      return new Refused(
          400,
          "idempotency-key header is not valid: it must be printable ASCII of at most "
              + IDEMPOTENCY_KEY_BYTES_MAX
              + " bytes");
    }
    if (request.isBodyTooLarge() || request.body().length > config.bytesMax()) {
      return new Refused(413, "Feedback is larger than " + config.bytesMax() + " bytes");
    }
    Optional<String> payload = FeedbackPayload.of(request, config);
    if (payload.isEmpty()) {
      return new Refused(400, "Cannot parse data");
    }
    ModelIdentity model = new ModelIdentity(name, version);
    String kept = config.redaction().removes(IDEMPOTENCY_KEY) ? "" : key;
    return new Taken(new Feedback(new RequestId(id), model, arrivalMillis, payload.get(), kept));
  }

  private static String ofHeaders(ApiRequest request, String header) {
    String value = request.header(header);
    return UrlEncoded.text(value.isEmpty() ? request.header("x-" + header) : value);
  }

  private static String nameRule(String header) {
    return header
        + " header is not valid: it must be text of at most "
        + NAME_BYTES_MAX
        + " bytes without control characters";
  }

  /// Whatever a header may say: models name themselves.
  private static boolean isName(String text) {
    return !text.isEmpty()
        && text.length() <= NAME_BYTES_MAX // first: a short-cut before the bytes are counted
        && text.getBytes(UTF_8).length <= NAME_BYTES_MAX
        && text.chars().noneMatch(c -> (c < 0x20 && c != '\t') || c == 0x7f);
  }

  private static boolean isIdempotencyKey(String key) {
    return key.length() <= IDEMPOTENCY_KEY_BYTES_MAX
        && key.chars().allMatch(c -> c >= 0x20 && c <= 0x7e);
  }
}
