package dev.loopgate.examples;

import dev.loopgate.examples.Json.JsonArray;
import dev.loopgate.examples.Json.JsonNumber;
import dev.loopgate.examples.Json.JsonObject;
import dev.loopgate.examples.Json.JsonText;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The protocol of `odahu-ml-server`: `{"columns":[..],"data":[[..]]}` in,
/// `{"prediction":[..],"columns":[..]}` out.
final class InvokeApi {
  private InvokeApi() {}

  /// The answer to one request's body.
  static String answer(String body) throws BadRequestException {
    JsonObject request = object(body);
    for (String field : request.fields().keySet()) {
      if (!field.equals("columns") && !field.equals("data")) {
        throw new BadRequestException(
            "unknown field " + Json.quoted(field) + ", allowed: columns, data");
      }
    }
    List<String> columns = columns(request.fields().get("columns"));
    if (!(request.fields().get("data") instanceof JsonArray(List<Json> rows))) {
      throw new BadRequestException("data must be an array of rows");
    }
    List<Double> predictions = new ArrayList<>();
    for (int row = 0; row < rows.size(); row++) {
      predictions.add(WineQuality.of(measurements(rows.get(row), row, columns)));
    }
    return "{\"prediction\":" + numbers(predictions) + ",\"columns\":[\"quality\"]}";
  }

  /// The one JSON object that `body` is.
  static JsonObject object(String body) throws BadRequestException {
    try {
      if (Json.read(body) instanceof JsonObject object) {
        return object;
      }
      throw new BadRequestException("the body must be a JSON object");
    } catch (Json.MalformedException e) {
      throw new BadRequestException(String.valueOf(e.getMessage()));
    }
  }

  /// A JSON array of these.
  static String numbers(List<Double> values) {
    return values.stream().map(String::valueOf).collect(Collectors.joining(",", "[", "]"));
  }

  private static List<String> columns(@Nullable Json columns) throws BadRequestException {
    if (columns == null) {
      return WineQuality.COLUMNS;
    }
    if (!(columns instanceof JsonArray(List<Json> items))) {
      throw new BadRequestException("columns must be an array of names");
    }
    List<String> names = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (Json item : items) {
      if (!(item instanceof JsonText(String name))) {
        throw new BadRequestException("columns must be an array of names");
      }
      if (!WineQuality.COLUMNS.contains(name)) {
        throw new BadRequestException(
            "unknown column " + Json.quoted(name) + ", allowed: " + allowed());
      }
      if (!seen.add(name)) {
        throw new BadRequestException("column " + Json.quoted(name) + " stands twice");
      }
      names.add(name);
    }
    List<String> missing = new ArrayList<>(WineQuality.COLUMNS);
    missing.removeAll(seen);
    if (!missing.isEmpty()) {
      throw new BadRequestException("missing columns: " + String.join(", ", missing));
    }
    return names;
  }

  private static double[] measurements(Json row, int number, List<String> columns)
      throws BadRequestException {
    if (!(row instanceof JsonArray(List<Json> values))) {
      throw new BadRequestException("data row " + number + " must be an array of numbers");
    }
    if (values.size() != columns.size()) {
      throw new BadRequestException(
          "data row "
              + number
              + " has "
              + values.size()
              + " values, needed: "
              + columns.size()
              + (columns.equals(WineQuality.COLUMNS) ? " in this order: " + allowed() : ""));
    }
    double[] measurements = new double[columns.size()];
    for (int i = 0; i < columns.size(); i++) {
      String column = columns.get(i);
      if (!(values.get(i) instanceof JsonNumber(double value)) || !Double.isFinite(value)) {
        throw new BadRequestException(
            "column " + Json.quoted(column) + " of data row " + number + " is not a number");
      }
      measurements[WineQuality.COLUMNS.indexOf(column)] = value;
    }
    return measurements;
  }

  private static String allowed() {
    return String.join(", ", WineQuality.COLUMNS);
  }
}
