package dev.loopgate.controller;

import dev.loopgate.fleet.Gateways.Answering;
import dev.loopgate.fleet.HostedDeployment;
import dev.loopgate.fleet.HostedDeployment.HostedReplica;
import dev.loopgate.fleet.HostedDeployment.Phase;
import dev.loopgate.fleet.Replica;
import java.util.ArrayList;
import java.util.List;

/// The replicas of a deployment that may be asked.
///
/// @param wanted the revision that is to run
/// @param ready those that answer, the oldest first
record Answers(String wanted, List<Answering> ready) {
  /// Those that are ready. One of a new revision is shown once it was asked what it is, so that its
  /// first record says it, too; a server that does not say it serves all the same.
  static Answers of(HostedDeployment seen, String wanted, Reading reading) {
    List<Answering> ready = new ArrayList<>();
    for (HostedReplica replica : seen.replicas()) {
      Replica address = replica.address();
      String revision = replica.revision();
      boolean isUnasked = revision.equals(wanted) && !reading.isAsked();
      if (replica.phase() == Phase.READY && address != null && !isUnasked) {
        Reading.Known known = reading.of(revision);
        ready.add(
            new Answering(
                address,
                revision,
                known == null ? "" : known.name(),
                known == null ? "" : known.version()));
      }
    }
    return new Answers(wanted, List.copyOf(ready));
  }

  /// The revision that answers: the wanted one as soon as one of it does; the last one while nobody
  /// does.
  String revision(String last) {
    boolean hasWanted = ready.stream().anyMatch(each -> each.revision().equals(wanted));
    return hasWanted ? wanted : ready.isEmpty() ? last : ready.getFirst().revision();
  }
}
