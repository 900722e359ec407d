package dev.loopgate.examples;

import dev.loopgate.examples.Json.JsonArray;
import dev.loopgate.examples.Json.JsonNumber;
import dev.loopgate.examples.Json.JsonObject;
import dev.loopgate.examples.Json.JsonText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// The Open Inference Protocol V2 of this model: one input `features` of shape `[n,11]`, one output
/// `quality` of shape `[n,1]`.
final class InferApi {
  private static final int WIDTH = WineQuality.COLUMNS.size();
  private static final Set<String> TYPES =
      Set.of("FP64", "FP32", "FP16", "INT64", "INT32", "INT16", "INT8");

  private InferApi() {}

  /// `GET /v2`.
  static String server() {
    return "{\"name\":\"loopgate-examples\",\"version\":\"1.0\",\"extensions\":[]}";
  }

  /// `GET /v2/models/<m>`.
  static String model() {
    return """
    {"name":"%s","versions":["%s"],"platform":"java_ridge_regression",\
    "inputs":[{"name":"features","datatype":"FP64","shape":[-1,%d]}],\
    "outputs":[{"name":"quality","datatype":"FP64","shape":[-1,1]}]}\
    """
        .formatted(WineQuality.NAME, WineQuality.VERSION, WIDTH);
  }

  /// The answer to one inference request's body.
  static String answer(String body) throws BadRequestException {
    JsonObject request = InvokeApi.object(body);
    requireKnownOutputs(request);
    Json id = request.fields().get("id");
    if (id != null && !(id instanceof JsonText)) {
      throw new BadRequestException("id must be a string");
    }
    List<Double> predictions = new ArrayList<>();
    double[] features = features(request);
    for (int from = 0; from < features.length; from += WIDTH) {
      predictions.add(WineQuality.of(Arrays.copyOfRange(features, from, from + WIDTH)));
    }
    return """
    {"model_name":"%s","model_version":"%s",%s\
    "outputs":[{"name":"quality","datatype":"FP64","shape":[%d,1],"data":%s}]}\
    """
        .formatted(
            WineQuality.NAME,
            WineQuality.VERSION,
            id instanceof JsonText(String value) ? "\"id\":" + Json.quoted(value) + "," : "",
            predictions.size(),
            InvokeApi.numbers(predictions));
  }

  private static void requireKnownOutputs(JsonObject request) throws BadRequestException {
    Json outputs = request.fields().get("outputs");
    if (outputs == null) {
      return;
    }
    if (!(outputs instanceof JsonArray(List<Json> items))) {
      throw new BadRequestException("outputs must be an array");
    }
    for (Json item : items) {
      if (!(item instanceof JsonObject output)
          || !new JsonText("quality").equals(output.fields().get("name"))) {
        throw new BadRequestException("unknown output, allowed: quality");
      }
    }
  }

  private static double[] features(JsonObject request) throws BadRequestException {
    if (!(request.fields().get("inputs") instanceof JsonArray(List<Json> inputs))
        || inputs.size() != 1
        || !(inputs.getFirst() instanceof JsonObject input)
        || !new JsonText("features").equals(input.fields().get("name"))) {
      throw new BadRequestException("inputs must be one tensor with the name features");
    }
    if (!(input.fields().get("datatype") instanceof JsonText(String type))
        || !TYPES.contains(type)) {
      throw new BadRequestException(
          "datatype of features: allowed=" + String.join(", ", TYPES.stream().sorted().toList()));
    }
    List<Double> data = new ArrayList<>();
    flatten(input.fields().get("data") instanceof JsonArray array ? array : noData(), data);
    List<Json> shape = List.of(new JsonNumber(data.size() / (double) WIDTH), new JsonNumber(WIDTH));
    if (data.size() % WIDTH != 0 || !new JsonArray(shape).equals(input.fields().get("shape"))) {
      throw new BadRequestException(
          "shape of features: needed=[n," + WIDTH + "] with as much data, values=" + data.size());
    }
    return data.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /// Row by row in one array, or an array a row: the protocol allows both.
  private static void flatten(JsonArray array, List<Double> into) throws BadRequestException {
    for (Json item : array.items()) {
      if (item instanceof JsonArray nested) {
        flatten(nested, into);
      } else if (item instanceof JsonNumber(double value) && Double.isFinite(value)) {
        into.add(value);
      } else {
        throw new BadRequestException(
            "column "
                + Json.quoted(WineQuality.COLUMNS.get(into.size() % WIDTH))
                + " of data row "
                + into.size() / WIDTH
                + " is not a number");
      }
    }
  }

  private static JsonArray noData() throws BadRequestException {
    throw new BadRequestException("data of features must be an array of numbers");
  }
}
