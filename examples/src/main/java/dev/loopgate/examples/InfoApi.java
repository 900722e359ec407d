package dev.loopgate.examples;

import java.util.stream.Collectors;

/// What the model says of itself: a swagger 2.0 document with an example of input and output.
final class InfoApi {
  private static final String ROW = "[7,0.27,0.36,20.7,0.045,45,170,1.001,3,0.45,8.8]";

  private InfoApi() {}

  /// `GET /api/model/info`.
  static String document() {
    String columns =
        WineQuality.COLUMNS.stream().map(Json::quoted).collect(Collectors.joining(",", "[", "]"));
    return """
    {"swagger":"2.0",\
    "info":{"title":"%s","version":"%s",\
    "description":"Quality of a white wine, 0 to 10, from eleven measurements. Data: UCI Wine Quality, \
    P. Cortez et al. 2009, CC BY 4.0."},\
    "consumes":["application/json"],"produces":["application/json"],\
    "paths":{\
    "/healthcheck":{"get":{"summary":"Whether the server is ready",\
    "responses":{"200":{"description":"ready"}}}},\
    "/api/model/info":{"get":{"summary":"This document","responses":{"200":{"description":"Info"}}}},\
    "/api/model/invoke":{"post":{"summary":"Predict",\
    "parameters":[{"in":"body","name":"input","required":true,\
    "schema":{"$ref":"#/definitions/Input"}}],\
    "responses":{"200":{"description":"One quality for each row",\
    "schema":{"$ref":"#/definitions/Output"}},\
    "500":{"description":"What is wrong with the request",\
    "schema":{"$ref":"#/definitions/Error"}}}}}},\
    "definitions":{\
    "Input":{"type":"object","required":["data"],\
    "properties":{"columns":{"type":"array","items":{"type":"string"},"example":%s},\
    "data":{"type":"array","items":{"type":"array","items":{"type":"number"}},"example":[%s]}},\
    "example":{"columns":%s,"data":[%s]}},\
    "Output":{"type":"object",\
    "properties":{"prediction":{"type":"array","items":{"type":"number"}},\
    "columns":{"type":"array","items":{"type":"string"}}},\
    "example":{"prediction":[5.562],"columns":["quality"]}},\
    "Error":{"type":"object","properties":{"message":{"type":"string"}}}}}\
    """
        .formatted(WineQuality.NAME, WineQuality.VERSION, columns, ROW, columns, ROW);
  }
}
