package dev.loopgate.cli;

import java.util.List;
import java.util.Optional;

/// What can be declared, and where.
enum EntityKind {
  DEPLOYMENT("ModelDeployment", "Model deployment", "/api/v1/model/deployment"),
  ROUTE("ModelRoute", "Model route", "/api/v1/model/route"),
  CONNECTION("Connection", "Connection", "/api/v1/connection");

  private final String word;
  private final String noun;
  private final String path;

  EntityKind(String word, String noun, String path) {
    this.word = word;
    this.noun = noun;
    this.path = path;
  }

  /// The kind that manifests call so.
  static Optional<EntityKind> of(String word) {
    for (EntityKind kind : values()) {
      if (kind.word.equals(word)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }

  /// What manifests call it.
  String word() {
    return word;
  }

  /// What messages call it.
  String noun() {
    return noun;
  }

  /// Where all of them are.
  String path() {
    return path;
  }

  /// Where one of them is.
  String path(String id) {
    return path + "/" + UrlText.segment(id);
  }

  /// What the option is called that names one.
  List<String> idOptions() {
    return switch (this) {
      case DEPLOYMENT -> List.of("--id", "--md-id");
      case ROUTE -> List.of("--id", "--mr-id", "--route-id");
      case CONNECTION -> List.of("--id", "--conn-id");
    };
  }
}
