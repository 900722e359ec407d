package dev.loopgate.controller;

import dev.loopgate.controller.CardFolder.Kept;
import dev.loopgate.fleet.ModelReader.ModelCard;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What the models of deployments say of themselves, for the catalogue. Any thread.
final class ModelCards {
  /// Characters of all documents at most; a document that has no room is left out.
  static final int DOCUMENT_CHARS_MAX = 32 << 20;

  private final int charsMax;
  private final @Nullable CardFolder folder; // null: they don't outlive this
  private final ReentrantLock keeping = new ReentrantLock(); // files are written in one order
  private final Map<String, Kept> cards = new TreeMap<>(); // guarded by this, as the next
  private long chars;

  /// None yet, and none is kept.
  ModelCards(int charsMax) {
    this(charsMax, null);
  }

  private ModelCards(int charsMax, @Nullable CardFolder folder) {
    this.charsMax = charsMax;
    this.folder = folder;
  }

  /// Those that an earlier life kept in `folder`, of what is still declared.
  static ModelCards open(CardFolder folder, int charsMax, Predicate<String> isDeclared)
      throws IOException {
    ModelCards cards = new ModelCards(charsMax, folder);
    folder.load(isDeclared).forEach((id, kept) -> cards.put(id, kept.revision(), kept.card()));
    return cards;
  }

  /// Has what a model says of itself, instead of what it said before.
  ///
  /// @return whether its document found room
  synchronized boolean put(String deployment, String revision, ModelCard card) {
    remove(deployment);
    int more = length(card);
    boolean fits = chars + more <= charsMax;
    chars += fits ? more : 0;
    ModelCard held = fits ? card : new ModelCard(card.name(), card.version(), null);
    cards.put(deployment, new Kept(revision, held));
    return fits;
  }

  /// Whether this revision has said something.
  synchronized boolean has(String deployment, String revision) {
    Kept kept = cards.get(deployment);
    return kept != null && kept.revision().equals(revision);
  }

  /// Forgets it.
  ///
  /// @return whether there was something
  synchronized boolean remove(String deployment) {
    Kept before = cards.remove(deployment);
    chars -= before == null ? 0 : length(before.card());
    return before != null;
  }

  /// Forgets what another revision said.
  ///
  /// @return whether there was something
  synchronized boolean removeOther(String deployment, String revision) {
    Kept kept = cards.get(deployment);
    return kept != null && !kept.revision().equals(revision) && remove(deployment);
  }

  /// Makes the file of one what is known now, whatever led to it. May block.
  void keep(String deployment) throws IOException {
    CardFolder into = folder;
    if (into == null) {
      return;
    }
    keeping.lock();
    try {
      Kept kept = of(deployment);
      if (kept == null) {
        into.remove(deployment);
      } else {
        into.put(deployment, kept);
      }
    } finally {
      keeping.unlock();
    }
  }

  /// All of them, by deployment, in the order of ids.
  synchronized Map<String, ModelCard> all() {
    Map<String, ModelCard> all = new TreeMap<>();
    cards.forEach((id, kept) -> all.put(id, kept.card()));
    return all;
  }

  private synchronized @Nullable Kept of(String deployment) {
    return cards.get(deployment);
  }

  private static int length(ModelCard card) {
    String document = card.document();
    return document == null ? 0 : document.length();
  }
}
