package dev.loopgate.api;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.loopgate.fleet.Resources;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What `GET /configuration` shows: an allow-list, in the names of the contract's configuration
/// (section 14).
final class ConfigurationJson {
  private ConfigurationJson() {}

  static String of(ApiConfig config) {
    return JsonText.write(json -> {
      json.writeStartObject();
      json.writeObjectFieldStart("deployment");
      json.writeBooleanField("enabled", config.deploymentsEnabled());
      json.writeObjectFieldStart("edge");
      json.writeStringField("host", config.edgeHost());
      json.writeEndObject();
      json.writeStringField("customRoutePrefix", config.customRoutePrefix());
      json.writeStringField("defaultPredictor", config.deployments().predictor());
      json.writeStringField("defaultDockerPullConnName", config.deployments().pullConnection());
      json.writeObjectFieldStart("defaultResources");
      writeAmounts(json, "requests", config.deployments().resources().requests());
      writeAmounts(json, "limits", config.deployments().resources().limits());
      json.writeEndObject();
      json.writeArrayFieldStart("nodePools");
      for (Map<String, String> selector : config.deployments().nodeSelectors()) {
        json.writeStartObject();
        json.writeObjectFieldStart("nodeSelector");
        for (Map.Entry<String, String> label : selector.entrySet()) {
          json.writeStringField(label.getKey(), label.getValue());
        }
        json.writeEndObject();
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeObjectFieldStart("security");
      json.writeObjectFieldStart("jwks");
      json.writeBooleanField("enabled", config.tokensNeeded());
      json.writeEndObject();
      json.writeEndObject();
      json.writeEndObject();
      json.writeObjectFieldStart("connection");
      json.writeBooleanField("enabled", config.connectionsEnabled());
      json.writeEndObject();
      json.writeEndObject();
    });
  }

  private static void writeAmounts(
      JsonGenerator json, String name, Resources.@Nullable Amounts amounts) throws IOException {
    if (amounts == null) {
      return;
    }
    json.writeObjectFieldStart(name);
    write(json, "cpu", amounts.cpu());
    write(json, "memory", amounts.memory());
    write(json, "gpu", amounts.gpu());
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, String name, @Nullable String text)
      throws IOException {
    if (text != null) {
      json.writeStringField(name, text);
    }
  }
}
