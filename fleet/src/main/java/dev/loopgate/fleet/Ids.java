package dev.loopgate.fleet;

import java.util.List;

/// The rules for ids, in the order of the contract.
final class Ids {
  private static final String POINTER = "/id";

  private Ids() {}

  static void check(String id, List<Violation> into) {
    if (!Model.ID.matcher(id).matches()) {
      into.add(new Violation(POINTER, "ID is not valid"));
    }
    if (id.isEmpty()) {
      into.add(new Violation(POINTER, "empty \"ID\""));
    }
  }
}
