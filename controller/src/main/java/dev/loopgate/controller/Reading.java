package dev.loopgate.controller;

import dev.loopgate.fleet.Changes.Ref;
import dev.loopgate.fleet.HostedDeployment;
import dev.loopgate.fleet.HostedDeployment.HostedReplica;
import dev.loopgate.fleet.HostedDeployment.Phase;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.ModelReader.ModelCard;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Shown;
import dev.loopgate.fleet.UnreadableModelException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the revisions of one deployment's model are called: each is asked once, when its first
/// replica is ready. Confined to one thread.
final class Reading {
  /// What a revision is called.
  ///
  /// @param isRead whether it said so in this life of ours, or never will
  record Known(String name, String version, boolean isRead) {}

  /// A server that has not said in so many tries what it is won't: it is known by its deployment.
  static final int TRIES_MAX = 5;

  private static final String UNKNOWN = "unknown";

  private final String deployment;
  private final Shared shared;
  private final Map<String, Known> known =
      new HashMap<>(); // those that run, and the one that is to
  private BackOff backOff;
  private String revision = ""; // the one that is to run
  private boolean underWay;

  Reading(String deployment, Shared shared) {
    this.deployment = deployment;
    this.shared = shared;
    this.backOff = shared.backOff(shared.pace().readingMin());
  }

  /// This one is to run from now on.
  ///
  /// @param kept what it is called as an earlier life of ours kept it; null when it did not
  void begin(String newRevision, @Nullable Known kept) {
    if (revision.isEmpty() && shared.cards().removeOther(deployment, newRevision)) {
      keepCard(); // an earlier life of ours heard it of something else
    }
    revision = newRevision;
    backOff = shared.backOff(shared.pace().readingMin());
    if (kept != null) {
      known.put(newRevision, kept);
    }
  }

  /// Nothing is to run.
  void forget() {
    revision = "";
    known.clear();
    if (shared.cards().remove(deployment)) {
      keepCard();
    }
  }

  /// What the revision is called; null while not known.
  @Nullable Known of(String someRevision) {
    return known.get(someRevision);
  }

  /// Whether the one that is to run has been asked, whatever came of it.
  boolean isAsked() {
    return known.containsKey(revision) || backOff.failures() > 0;
  }

  /// Asks a ready replica what it is, if that is not known, and forgets revisions that are gone.
  void look(HostedDeployment seen, Predictor predictor) {
    known
        .keySet()
        .removeIf(each ->
            !each.equals(revision)
                && seen.replicas().stream().noneMatch(r -> r.revision().equals(each)));
    Known found = known.get(revision);
    if (underWay || (found != null && found.isRead())) {
      return;
    }
    for (HostedReplica replica : seen.replicas()) {
      Replica address = replica.address();
      if (replica.phase() == Phase.READY
          && replica.revision().equals(revision)
          && address != null) {
        ask(address, predictor);
        return;
      }
    }
  }

  private void ask(Replica at, Predictor predictor) {
    if (!backOff.isOpen(shared.now())) {
      shared.queue().add(ref(), backOff.openAt());
      return;
    }
    underWay = true;
    shared
        .readings()
        .call(
            () -> checked(shared.seams().reader().read(deployment, at, predictor)),
            new Ended(revision));
  }

  // Not tried again: what is lost with it is what a start shows before the model is awake.
  private void keepCard() {
    shared
        .writes()
        .call(
            () -> {
              shared.cards().keep(deployment);
              return deployment;
            },
            new Calls.Then<String>() {
              @Override
              public void done(String kept) {}

              @Override
              public void failed(Throwable cause) {
                String problem = Shown.of(String.valueOf(cause.getMessage()));
                shared.events().writeFailed("card", deployment, problem);
              }
            });
  }

  private static ModelCard checked(ModelCard card) throws UnreadableModelException {
    if (isUnreadable(card.name()) || isUnreadable(card.version())) {
      throw new UnreadableModelException("its name or version is no printable label", null);
    }
    return card;
  }

  private static boolean isUnreadable(String label) {
    boolean isHalf = label.codePoints().anyMatch(c -> Character.getType(c) == Character.SURROGATE);
    return isHalf || (!label.isEmpty() && !Model.isLabel(label));
  }

  private Ref ref() {
    return new Ref(Kind.DEPLOYMENT, deployment);
  }

  private final class Ended implements Calls.Then<ModelCard> {
    private final String asked;

    Ended(String asked) {
      this.asked = asked;
    }

    @Override
    public void done(ModelCard card) {
      underWay = false;
      shared.queue().add(ref(), shared.now());
      learn(card.name(), card.version()); // of an earlier one, too: it may still answer
      if (asked.equals(revision)) {
        if (!shared.cards().put(deployment, asked, card)) {
          String document = card.document();
          shared.events().documentLeftOut(deployment, document == null ? 0 : document.length());
        }
        keepCard();
      }
    }

    @Override
    public void failed(Throwable cause) {
      underWay = false;
      if (!asked.equals(revision)) {
        shared.queue().add(ref(), shared.now());
        return;
      }
      if (backOff.failures() == 0) {
        shared.events().modelUnreadable(deployment, Shown.of(String.valueOf(cause.getMessage())));
      }
      backOff.failed(shared.now());
      shared.queue().add(ref(), shared.now()); // it may serve unread from the first failure on
      if (backOff.failures() >= TRIES_MAX) {
        Known kept = known.get(asked);
        learn(kept == null ? "" : kept.name(), kept == null ? "" : kept.version());
        // The catalogue shows it as its predictor is asked, and no more as an earlier revision was.
        if (!shared.cards().has(deployment, asked)) {
          shared.cards().put(deployment, asked, new ModelCard("", "", null));
          keepCard();
        }
      }
    }

    private void learn(String name, String version) {
      Known learnt =
          new Known(
              name.isEmpty() ? deployment : name, version.isEmpty() ? UNKNOWN : version, true);
      known.put(asked, learnt);
      shared.events().modelKnown(deployment, asked, learnt.name(), learnt.version());
    }
  }
}
