package dev.loopgate.fleet;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// Connections in the JSON of the contract.
final class ConnectionJson {
  private ConnectionJson() {}

  static ConnectionSpec readSpec(FieldReader from) {
    return new ConnectionSpec(
        from.text("type"),
        from.text("uri"),
        from.text("username"),
        from.secret("password"),
        from.text("region"),
        from.text("role"),
        from.secret("keyID"),
        from.secret("keySecret"),
        from.secret("publicKey"),
        from.text("reference"),
        from.freeText("description"),
        from.text("webUILink"),
        from.flag("vital"));
  }

  static ObjectNode writeSpec(ConnectionSpec spec, SecretText secrets) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("type", spec.type());
    json.put("uri", spec.uri());
    put(json, "username", spec.username());
    put(json, "password", spec.password(), secrets);
    put(json, "region", spec.region());
    put(json, "role", spec.role());
    put(json, "keyID", spec.keyID(), secrets);
    put(json, "keySecret", spec.keySecret(), secrets);
    put(json, "publicKey", spec.publicKey(), secrets);
    put(json, "reference", spec.reference());
    put(json, "description", spec.description());
    put(json, "webUILink", spec.webUILink());
    if (spec.vital()) {
      json.put("vital", true);
    }
    return json;
  }

  static ConnectionStatus readStatus(FieldReader from) {
    from.passOver("secretName"); // of the original, which kept them on Kubernetes
    from.passOver("serviceAccount");
    return ConnectionStatus.NEW;
  }

  private static void put(ObjectNode json, String name, Secret secret, SecretText secrets) {
    if (!secret.isEmpty()) {
      put(json, name, secrets.of(name, secret));
    }
  }

  private static void put(ObjectNode json, String name, String text) {
    if (!text.isEmpty()) {
      json.put(name, text);
    }
  }
}
