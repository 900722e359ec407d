package dev.loopgate.logshipper;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.exc.StreamReadException;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads one line after the other and says whether it is a record of its file. No value is kept but
/// the few that are compared. Confined to one thread.
final class RecordReader {
  /// A line.
  ///
  /// @param requestId empty where there is none
  /// @param problem what makes it no record; empty when it is one
  record Line(String requestId, String problem) {
    boolean isRecord() {
      return problem.isEmpty();
    }
  }

  private enum Type {
    TEXT("a string"),
    INTEGER("an integer"),
    NUMBER("a number"),
    BOOLEAN("a boolean"),
    OBJECT("an object"),
    TEXTS("an object of strings");

    private final String words;

    Type(String words) {
      this.words = words;
    }
  }

  /// A field of the contract.
  private record Field(Type type, boolean always) {
    static Field always(Type type) {
      return new Field(type, true);
    }

    static Field maybe(Type type) {
      return new Field(type, false);
    }
  }

  private static final String REQUEST_ID = "request_id";
  private static final String TIME = "time";
  private static final String MODEL_NAME = "model_name";
  private static final String MODEL_VERSION = "model_version";
  private static final Set<String> COMPARED = Set.of(REQUEST_ID, TIME, MODEL_NAME, MODEL_VERSION);

  private static final Map<String, Field> OF_ALL =
      Map.of(
          REQUEST_ID, Field.always(Type.TEXT),
          MODEL_NAME, Field.always(Type.TEXT),
          MODEL_VERSION, Field.always(Type.TEXT),
          TIME, Field.always(Type.TEXT));
  private static final Map<String, Field> OF_BODY =
      Map.of(
          "encoding", Field.maybe(Type.TEXT),
          "content_encoding", Field.maybe(Type.TEXT),
          "decoding", Field.maybe(Type.TEXT),
          "size", Field.always(Type.INTEGER),
          "truncated", Field.always(Type.BOOLEAN));
  private static final Map<String, Field> OF_HEADS =
      Map.of(
          "request_http_method", Field.always(Type.TEXT),
          "request_uri", Field.always(Type.TEXT),
          "request_host", Field.always(Type.TEXT),
          "request_http_headers", Field.always(Type.TEXTS),
          "response_status", Field.always(Type.TEXT),
          "response_http_headers", Field.always(Type.TEXTS),
          "route", Field.always(Type.TEXT),
          "deployment", Field.always(Type.TEXT),
          "replica", Field.maybe(Type.TEXT),
          "attempts", Field.maybe(Type.INTEGER));
  private static final Map<String, Field> OF_EXCHANGE =
      Map.of(
          "start_time", Field.always(Type.TEXT),
          "duration_ms", Field.always(Type.NUMBER),
          "first_byte_ms", Field.maybe(Type.NUMBER),
          "response_size", Field.always(Type.INTEGER),
          "ending", Field.always(Type.TEXT),
          "request_id_replaced", Field.always(Type.BOOLEAN),
          "x_request_id", Field.maybe(Type.TEXT));
  private static final Map<String, Field> OF_PREDICTION =
      Map.of(
          "request_content", Field.always(Type.TEXT),
          "gap_max_ms", Field.maybe(Type.NUMBER),
          "trace_id", Field.maybe(Type.TEXT),
          "grpc_status", Field.maybe(Type.INTEGER),
          "grpc_message", Field.maybe(Type.TEXT));
  private static final Map<String, Field> OF_ACCESS_LOG =
      Map.of(
          "request_size", Field.always(Type.INTEGER),
          "protocol", Field.maybe(Type.TEXT),
          "response_code_details", Field.maybe(Type.TEXT),
          "response_flags", Field.maybe(Type.TEXT));
  private static final Map<String, Field> OF_FEEDBACK =
      Map.of("payload", Field.always(Type.OBJECT), "idempotency_key", Field.maybe(Type.TEXT));

  private final String hour;
  private final Map<String, Field> fields;
  private final String model;
  private final String version;
  private final Map<String, String> compared = new HashMap<>();
  private final Set<String> seen = new HashSet<>();

  private RecordReader(String hour, Map<String, Field> fields, String model, String version) {
    this.hour = hour;
    this.fields = fields;
    this.model = model;
    this.version = version;
  }

  /// Looks for an object with an id and a time of this hour.
  ///
  /// @param hour `YYYYMMDDHH`
  static RecordReader plain(String hour) {
    return new RecordReader(hour, Map.of(), "", "");
  }

  /// Looks for every field of the contract too, its type, and the model of the path.
  ///
  /// @param hour `YYYYMMDDHH`
  /// @param model an escaped part of a path
  /// @param version an escaped part of a path
  static RecordReader deep(String hour, LogStream stream, String model, String version) {
    Map<String, Field> fields = new HashMap<>(OF_ALL);
    switch (stream) {
      case REQUEST_RESPONSE -> {
        fields.putAll(OF_HEADS);
        fields.putAll(OF_EXCHANGE);
        fields.putAll(OF_PREDICTION);
        fields.putAll(OF_BODY);
      }
      case RESPONSE_BODY -> {
        fields.put("response_content", Field.always(Type.TEXT));
        fields.putAll(OF_BODY);
      }
      case FEEDBACK -> fields.putAll(OF_FEEDBACK);
      case ACCESS_LOG -> {
        fields.putAll(OF_HEADS);
        fields.putAll(OF_EXCHANGE);
        fields.putAll(OF_ACCESS_LOG);
      }
    }
    return new RecordReader(hour, fields, model, version);
  }

  /// Reads the line at hand to its end.
  ///
  /// @throws IOException of the lines; what is no JSON is a problem
  Line read(FileLines lines) throws IOException {
    compared.clear();
    seen.clear();
    String problem;
    try (JsonParser json = Json.lineParser(lines)) {
      problem = json.nextToken() == JsonToken.START_OBJECT ? readObject(json) : "no object";
      if (problem.isEmpty() && json.nextToken() != null) {
        problem = "more than one object";
      }
    } catch (StreamReadException e) {
      problem = "no JSON: " + firstWords(e);
    } catch (StreamConstraintsException e) {
      problem = "no record of ours: " + firstWords(e);
    }
    if (problem.isEmpty()) {
      problem = compare();
    }
    return new Line(compared.getOrDefault(REQUEST_ID, ""), problem);
  }

  private String readObject(JsonParser json) throws IOException {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      JsonToken value = json.nextToken();
      Field field = fields.get(name);
      if (field != null && !seen.add(name)) {
        return "a field stands twice: " + name;
      }
      if (value == JsonToken.VALUE_STRING && COMPARED.contains(name)) {
        compared.put(name, json.getText());
      }
      if (field != null && !isOf(json, value, field.type())) {
        return name + " is not " + field.type().words;
      }
      if (value.isStructStart() && json.currentToken() == value) {
        json.skipChildren();
      }
    }
    return "";
  }

  /// Whether the value is of the type; reads an object of strings to its end.
  private static boolean isOf(JsonParser json, JsonToken value, Type type) throws IOException {
    return switch (type) {
      case TEXT -> value == JsonToken.VALUE_STRING;
      case INTEGER -> value == JsonToken.VALUE_NUMBER_INT;
      case NUMBER -> value.isNumeric();
      case BOOLEAN -> value.isBoolean();
      case OBJECT -> value == JsonToken.START_OBJECT;
      case TEXTS -> value == JsonToken.START_OBJECT && areTexts(json);
    };
  }

  private static boolean areTexts(JsonParser json) throws IOException {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      if (json.nextToken() != JsonToken.VALUE_STRING) {
        return false;
      }
    }
    return true;
  }

  private String compare() {
    if (!compared.containsKey(REQUEST_ID)) {
      return "no request_id";
    }
    String time = compared.get(TIME);
    if (time == null || !isOfHour(time)) {
      return "no time of this hour";
    }
    if (fields.isEmpty()) {
      return "";
    }
    for (Map.Entry<String, Field> field : fields.entrySet()) {
      if (field.getValue().always() && !seen.contains(field.getKey())) {
        return "no " + field.getKey();
      }
    }
    return isOfPath(compared.get(MODEL_NAME), compared.get(MODEL_VERSION))
        ? ""
        : "model_name and model_version are not those of its path";
  }

  private boolean isOfHour(String time) {
    if (time.length() < 13) {
      return false;
    }
    String word =
        time.substring(0, 4)
            + time.substring(5, 7)
            + time.substring(8, 10)
            + time.substring(11, 13);
    return word.equals(hour)
        && (fields.isEmpty()
            || time.matches("\\d{4}-\\d\\d-\\d\\d \\d\\d:[0-5]\\d:[0-5]\\d \\+0000"));
  }

  private boolean isOfPath(@Nullable String name, @Nullable String itsVersion) {
    if (model.equals(PathPart.OTHER) && version.equals(PathPart.OTHER)) {
      return true; // whoever came beyond the bound
    }
    return name != null
        && itsVersion != null
        && PathPart.of(name).equals(model)
        && PathPart.of(itsVersion).equals(version);
  }

  private static String firstWords(Exception e) {
    String text = String.valueOf(e.getMessage());
    int end = text.indexOf('\n');
    String line = end < 0 ? text : text.substring(0, end);
    return line.length() > 120 ? line.substring(0, 120) : line;
  }
}
