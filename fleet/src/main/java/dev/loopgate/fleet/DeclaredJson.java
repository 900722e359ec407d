package dev.loopgate.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;

/// What is declared in JSON: as the contract has it for callers (sections 4 to 7), and as stores
/// keep it. How deep and how large a tree may be is for its parser to bound, and that no field
/// stands twice.
public final class DeclaredJson {
  private DeclaredJson() {}

  /// Reads a body or a manifest of this kind. Strict in `spec`; a status, times and a mark may
  /// stand there, as in an answer that is sent back, and are passed over.
  ///
  /// @throws MalformedException with all that is wrong
  public static <S, T> Declaration<S> read(Kind<S, T> kind, JsonNode body)
      throws MalformedException {
    FieldReader fields = FieldReader.of(body, SecretText.DECRYPTED);
    checkKind(kind, fields);
    fields.passOver("status");
    fields.passOver("createdAt");
    fields.passOver("updatedAt");
    fields.passOver("deletionMark");
    Declaration<S> read =
        new Declaration<>(
            // Also one with control characters: that it is not valid is for the rules to say.
            fields.freeText("id"),
            fields.objectOrEmpty("spec", kind::readSpec),
            kind == Kind.ROUTE && fields.flag("default"));
    fields.finish();
    fields.throwNoted();
    return read;
  }

  /// As everybody may read it.
  public static ObjectNode write(Declared<?, ?> declared) {
    return write(declared, SecretText.MASKED);
  }

  /// As who may see secrets reads it.
  public static ObjectNode writeDecrypted(Declared<?, ?> declared) {
    return write(declared, SecretText.DECRYPTED);
  }

  /// An event as the contract has it.
  public static ObjectNode write(DeclaredEvent event) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("entityID", event.object().id());
    json.set("payload", write(event.object()));
    json.put("type", event.word());
    json.put("datetime", event.at().toString());
    return json;
  }

  /// As a store keeps it.
  ///
  /// @param secrets how a secret is kept
  public static ObjectNode writeKept(Declared<?, ?> declared, SecretText secrets) {
    return writeKept(declared.kind(), declared, secrets);
  }

  /// What [#writeKept] wrote.
  ///
  /// @param secrets what a secret is, by the text that was kept; what it throws comes through
  /// @throws MalformedException when it is not of this kind, or of a later version
  public static <S, T> Declared<S, T> readKept(Kind<S, T> kind, JsonNode kept, SecretText secrets)
      throws MalformedException {
    FieldReader fields = FieldReader.of(kept, secrets);
    checkKind(kind, fields);
    String id = fields.text("id");
    if (!Model.ID.matcher(id).matches()) {
      fields.wrong("id", "ID is not valid", Model.ID.pattern());
    }
    long version = fields.positive("version");
    Instant createdAt = fields.instant("createdAt");
    Instant updatedAt = fields.instant("updatedAt");
    if (createdAt == null || updatedAt == null) {
      fields.wrong(createdAt == null ? "createdAt" : "updatedAt", "no time", "a time");
    }
    boolean mark = fields.flag("deletionMark");
    boolean isDefault = fields.flag("default");
    S spec = fields.objectOrEmpty("spec", kind::readSpec);
    T status = fields.objectOrEmpty("status", kind::readStatus);
    fields.finish();
    fields.throwNoted();
    if (createdAt == null || updatedAt == null) {
      throw new IllegalStateException("noted above");
    }
    return new Declared<>(kind, id, spec, status, createdAt, updatedAt, mark, version, isDefault);
  }

  /// What is of another kind has no field right: that alone is told.
  private static void checkKind(Kind<?, ?> kind, FieldReader fields) throws MalformedException {
    String said = fields.text("kind");
    if (!said.isEmpty() && !said.equals(kind.word())) {
      fields.wrong("kind", "wrong kind", kind.word());
    }
    fields.throwNoted();
  }

  private static ObjectNode write(Declared<?, ?> declared, SecretText secrets) {
    return write(declared.kind(), declared, secrets);
  }

  private static <S, T> ObjectNode write(Kind<S, T> kind, Declared<?, ?> any, SecretText secrets) {
    Declared<S, T> declared = kind.cast(any);
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("id", declared.id());
    if (kind == Kind.ROUTE) {
      json.put("default", declared.isDefault());
    }
    if (kind != Kind.CONNECTION) {
      json.put("createdAt", declared.createdAt().toString());
      json.put("updatedAt", declared.updatedAt().toString());
      if (declared.deletionMark()) {
        json.put("deletionMark", true);
      }
    }
    json.set("spec", kind.writeSpec(declared.spec(), secrets));
    json.set("status", kind.writeStatus(declared.status()));
    return json;
  }

  private static <S, T> ObjectNode writeKept(
      Kind<S, T> kind, Declared<?, ?> any, SecretText secrets) {
    Declared<S, T> declared = kind.cast(any);
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("kind", kind.word());
    json.put("id", declared.id());
    json.put("version", declared.version());
    json.put("createdAt", declared.createdAt().toString());
    json.put("updatedAt", declared.updatedAt().toString());
    if (declared.deletionMark()) {
      json.put("deletionMark", true);
    }
    if (declared.isDefault()) {
      json.put("default", true);
    }
    json.set("spec", kind.writeSpec(declared.spec(), secrets));
    json.set("status", kind.writeStatus(declared.status()));
    return json;
  }
}
