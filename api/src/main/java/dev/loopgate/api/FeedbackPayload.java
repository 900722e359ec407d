package dev.loopgate.api;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.loopgate.capture.Redaction;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// Turns query and body of a feedback into its `payload`: one compact JSON object with the groups
/// `json`, `post`, `uri` and `body` of contract section 3, each only where there is content.
///
/// Where fields of payloads are secret, what can't be read as JSON is not kept: [Redaction#MASK]
/// stands in its place.
final class FeedbackPayload {
  private static final String FORM = "application/x-www-form-urlencoded";

  private FeedbackPayload() {}

  /// The payload; empty when the body claims to be JSON and is not.
  static Optional<String> of(ApiRequest request, FeedbackConfig config) {
    String contentType = request.header("content-type");
    String mediaType = mediaType(contentType);
    byte[] body = request.body();
    Optional<String> text = JsonText.utf8(body);
    Optional<String> json = Optional.empty();
    if (mediaType.isEmpty() || isJson(mediaType)) {
      json = text.flatMap(JsonText::compact);
      if (json.isEmpty() && !mediaType.isEmpty()) {
        return Optional.empty();
      }
    }
    // A form of other bytes than text would be torn by decoding: kept whole, as any other body.
    // Where fields are secret, too: it is no JSON.
    boolean isForm = mediaType.equals(FORM) && text.isPresent() && config.secret().isEmpty();
    String compact = json.map(value -> withoutSecrets(value, config)).orElse("");
    return Optional.of(
        JsonText.write(payload -> {
          payload.writeStartObject();
          if (!compact.isEmpty()) {
            payload.writeFieldName("json");
            payload.writeRawValue(compact);
          } else if (isForm) {
            writeGroup(payload, "post", UrlEncoded.parameters(new String(body, ISO_8859_1)));
          }
          writeGroup(payload, "uri", UrlEncoded.parameters(masked(request, config.redaction())));
          if (compact.isEmpty() && !isForm && body.length > 0) {
            writeBody(payload, text, request, config);
          }
          payload.writeEndObject();
        }));
  }

  /// Masked before it is taken apart: what other readers of queries take for a separator (`;`) is
  /// none here, and a secret behind it must not pass as a part of another value (P6).
  private static String masked(ApiRequest request, Redaction redaction) {
    return redaction.maskQuery("?" + request.query()).substring(1);
  }

  private static void writeGroup(
      JsonGenerator payload, String group, Map<String, List<String>> parameters)
      throws IOException {
    if (parameters.isEmpty()) {
      return;
    }
    payload.writeObjectFieldStart(group);
    for (Map.Entry<String, List<String>> parameter : parameters.entrySet()) {
      payload.writeArrayFieldStart(parameter.getKey());
      for (String value : parameter.getValue()) {
        payload.writeString(value);
      }
      payload.writeEndArray();
    }
    payload.writeEndObject();
  }

  private static void writeBody(
      JsonGenerator payload, Optional<String> text, ApiRequest request, FeedbackConfig config)
      throws IOException {
    boolean binary = text.isEmpty() && config.secret().isEmpty();
    if (binary) {
      payload.writeStringField("body", Base64.getEncoder().encodeToString(request.body()));
    } else if (config.secret().isEmpty()) {
      payload.writeStringField("body", text.orElse(""));
    } else {
      payload.writeStringField(
          "body", text.flatMap(whole -> readable(whole, config)).orElse(Redaction.MASK));
    }
    String contentType = request.header("content-type");
    if (!contentType.isEmpty()) {
      payload.writeStringField("content_type", UrlEncoded.text(contentType));
    }
    if (binary) {
      payload.writeStringField("encoding", "base64");
    }
  }

  private static String withoutSecrets(String json, FeedbackConfig config) {
    return config.secret().isEmpty()
        ? json
        : readable(json, config).orElse("\"" + Redaction.MASK + "\"");
  }

  private static Optional<String> readable(String json, FeedbackConfig config) {
    byte[] kept = config.secret().redact(json, config.bytesMax());
    return kept == null ? Optional.empty() : Optional.of(new String(kept, UTF_8));
  }

  private static String mediaType(String contentType) {
    int parameters = contentType.indexOf(';');
    String type = parameters < 0 ? contentType : contentType.substring(0, parameters);
    return type.strip().toLowerCase(Locale.ROOT);
  }

  private static boolean isJson(String mediaType) {
    return mediaType.equals("application/json")
        || (mediaType.indexOf('/') > 0 && mediaType.endsWith("+json"));
  }
}
