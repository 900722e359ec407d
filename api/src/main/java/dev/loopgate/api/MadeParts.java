package dev.loopgate.api;

/// Counts the parameters, fields, responses and headers that are made of one document: what is
/// referred to often is made as often. Confined to one thread.
final class MadeParts {
  /// So many at most.
  static final int MAX = 50_000;

  private int count;

  /// One more.
  void add() throws RefusedDocumentException {
    count++;
    if (count > MAX) {
      throw new RefusedDocumentException("it has more than " + MAX + " parameters and responses");
    }
  }
}
