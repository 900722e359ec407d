package dev.loopgate.controller;

import dev.loopgate.fleet.ModelReader.ModelCard;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What the models of deployments say of themselves, for the catalogue. Any thread.
final class ModelCards {
  /// Characters of all documents at most; a document that has no room is left out.
  static final int DOCUMENT_CHARS_MAX = 32 << 20;

  private final int charsMax;
  private final Map<String, ModelCard> cards = new TreeMap<>(); // guarded by this, as the next
  private long chars;

  ModelCards(int charsMax) {
    this.charsMax = charsMax;
  }

  /// Keeps what a model says of itself, instead of what it said before.
  ///
  /// @return whether its document found room
  synchronized boolean put(String deployment, ModelCard card) {
    remove(deployment);
    int more = length(card);
    boolean fits = chars + more <= charsMax;
    chars += fits ? more : 0;
    cards.put(deployment, fits ? card : new ModelCard(card.name(), card.version(), null));
    return fits;
  }

  synchronized void remove(String deployment) {
    chars -= length(cards.remove(deployment));
  }

  /// All of them, by deployment, in the order of ids.
  synchronized Map<String, ModelCard> all() {
    return new TreeMap<>(cards);
  }

  private static int length(@Nullable ModelCard card) {
    String document = card == null ? null : card.document();
    return document == null ? 0 : document.length();
  }
}
