package dev.loopgate.api;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.TimeSource;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.spool.Appended;
import dev.loopgate.spool.SpoolLane;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/// Takes feedback, and answers for every path that is no model's: the index and the 404s of
/// contract section 3. Any thread; each call belongs to the thread of its lane, which is never
/// blocked.
public final class FeedbackDoor {
  /*
   * The answer is made before the feedback is offered, on the loop that has the request, so that
   * `spool-writer` only hands it over. It is given out after the force alone: until then nobody may
   * believe that the feedback is kept (P2).
   */

  private final FeedbackConfig config;
  private final Fleet fleet;
  private final TimeSource time;
  private final ToIntFunction<String> slotOfModel;

  /// A door over this fleet.
  ///
  /// @param slotOfModel the ledger's slot for what a feedback calls its model; asked on event
  ///   loops, so without a lock
  public FeedbackDoor(
      FeedbackConfig config, Fleet fleet, TimeSource time, ToIntFunction<String> slotOfModel) {
    this.config = config;
    this.fleet = fleet;
    this.time = time;
    this.slotOfModel = slotOfModel;
  }

  /// Whether this request has another answer here than a 404 for an unknown URL. Whoever has a
  /// model at `/` asks this first.
  ///
  /// @param path without query, as on the wire
  public static boolean serves(String method, String path) {
    return switch (DoorUrl.of(method, path)) {
      case DoorUrl.Index(), DoorUrl.HeaderFeedback(), DoorUrl.PathFeedback _ -> true;
      case DoorUrl.OtherApi(), DoorUrl.Unknown() -> false;
    };
  }

  /// Answers one request, exactly once. `reply` is told on the calling thread, or, when the fate of
  /// a feedback is known, on `spool-writer`: it must not block there.
  ///
  /// @param lane of the calling thread
  public void handle(ApiRequest request, SpoolLane lane, Consumer<ApiReply> reply) {
    String id = request.header("request-id"); // so that a waiting answer does not hold the body
    Consumer<ApiReply> answer = answered -> reply.accept(answered.toRequest(id));
    switch (DoorUrl.of(request.method(), request.path())) {
      case DoorUrl.Index() -> answer.accept(index());
      case DoorUrl.HeaderFeedback() ->
          take(FeedbackReading.of(request, config, time.epochMillis()), false, lane, answer);
      case DoorUrl.PathFeedback url ->
          take(FeedbackReading.of(url, request, config, time.epochMillis()), true, lane, answer);
      case DoorUrl.OtherApi() -> answer.accept(unknownApi(request));
      case DoorUrl.Unknown() -> answer.accept(error(404, "Incorrect URL"));
    }
  }

  private void take(
      FeedbackReading reading, boolean byPath, SpoolLane lane, Consumer<ApiReply> answer) {
    switch (reading) {
      case FeedbackReading.Refused(int status, String error) -> answer.accept(error(status, error));
      case FeedbackReading.Taken(Feedback feedback) ->
          keep(feedback, registered(feedback, byPath), lane, answer);
    }
  }

  private void keep(
      Feedback feedback, ApiReply registered, SpoolLane lane, Consumer<ApiReply> answer) {
    int slot = slotOfModel.applyAsInt(feedback.model().name());
    Appended appended =
        lane.appendForced(
            feedback,
            slot,
            outcome ->
                answer.accept(
                    switch (outcome) {
                      case DURABLE -> registered;
                      // It may be stored: the caller sends it again, readers count equal keys once.
                      case UNKNOWN -> undeliverable();
                    }));
    switch (appended) {
      case ACCEPTED -> {}
      // Without its payload a feedback says nothing, so the second counts as refused.
      case FULL, ACCEPTED_WITHOUT_BODIES, CLOSED -> answer.accept(undeliverable());
    }
  }

  private ApiReply index() {
    List<String> routes =
        fleet.deployments().stream().map(one -> one.model().prefix() + "/").sorted().toList();
    return ApiReply.json(
        200,
        JsonText.write(json -> {
          json.writeStartObject();
          writeTexts(json, "links", List.of("/api/v1/feedback/*any"));
          writeTexts(json, "routes", routes);
          json.writeEndObject();
        }));
  }

  private static ApiReply unknownApi(ApiRequest request) {
    String path = request.path();
    String shown = path.length() <= 200 ? path : path.substring(0, 200) + "...";
    return message(404, "unknown endpoint: " + request.method() + " " + shown);
  }

  private static ApiReply undeliverable() {
    return error(503, "Cannot deliver message").with("retry-after", "1");
  }

  private static ApiReply error(int status, String error) {
    return one(status, "error", error);
  }

  private static ApiReply message(int status, String message) {
    return one(status, "message", message);
  }

  private static ApiReply one(int status, String field, String text) {
    return ApiReply.json(
        status,
        JsonText.write(json -> {
          json.writeStartObject();
          json.writeStringField(field, text);
          json.writeEndObject();
        }));
  }

  /// What all three generations answered, in one (contract section 3).
  private static ApiReply registered(Feedback feedback, boolean byPath) {
    return ApiReply.json(
        200,
        JsonText.write(json -> {
          json.writeStartObject();
          json.writeBooleanField("error", false);
          json.writeBooleanField("registered", true);
          json.writeObjectFieldStart("message");
          writeFacts(json, feedback, List.of("RequestID", "ModelVersion", "ModelName", "Payload"));
          if (byPath) {
            writeFacts(
                json, feedback, List.of("request_id", "model_version", "model_id", "payload"));
          }
          json.writeEndObject();
          writeFacts(json, feedback, List.of("requestID", "modelVersion", "modelName", "payload"));
          json.writeEndObject();
        }));
  }

  /// @param names of id, version, name and payload
  private static void writeFacts(JsonGenerator json, Feedback feedback, List<String> names)
      throws IOException {
    json.writeStringField(names.get(0), feedback.requestId().value());
    json.writeStringField(names.get(1), feedback.model().version());
    json.writeStringField(names.get(2), feedback.model().name());
    json.writeFieldName(names.get(3));
    json.writeRawValue(feedback.payloadJson());
  }

  private static void writeTexts(JsonGenerator json, String name, List<String> texts)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (String text : texts) {
      json.writeString(text);
    }
    json.writeEndArray();
  }
}
