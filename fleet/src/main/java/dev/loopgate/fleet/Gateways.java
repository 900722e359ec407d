package dev.loopgate.fleet;

import dev.loopgate.fleet.HostedDeployment.Problem;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Who serves what is declared: told all of it whenever something changed, and asked what callers
/// want of it.
public interface Gateways {
  /// A deployment as it is served.
  ///
  /// @param declared what was declared and what is observed; of the latter only name and version of
  ///   the model are what is kept by now
  /// @param revision of what answers; empty before any replica was ready
  /// @param ready replicas that answer, each of one revision
  /// @param problem why no replica will be ready soon: requests are refused with it; null while one
  ///   may be waited for
  record Served(
      Declared<DeploymentSpec, DeploymentStatus> declared,
      String revision,
      List<Answering> ready,
      @Nullable Problem problem) {
    public Served {
      ready = List.copyOf(ready);
    }
  }

  /// A replica that answers.
  ///
  /// @param at where
  /// @param revision of the workload it runs
  /// @param name what its model calls itself; empty while not known
  /// @param version likewise
  record Answering(Replica at, String revision, String name, String version) {}

  /// What callers want of a deployment at the moment.
  ///
  /// @param inFlight requests that replicas have
  /// @param held requests that wait for a replica
  /// @param peak the most of both together since this was last asked, so that no request is missed
  ///   that began and ended between two looks
  record Demand(int inFlight, int held, int peak) {
    /// Nobody asks.
    public static final Demand NONE = new Demand(0, 0, 0);
  }

  /// Exchanges all that is served. Returns once requests that begin now go by it; one caller at a
  /// time.
  ///
  /// @param deployments in the order of their ids, without those that are marked to go
  /// @param routes all that are declared, those that can't be served yet among them; without those
  ///   that came with a deployment that is marked
  /// @return the ids of those routes that are served as declared; the others stay as they were
  Set<String> serve(List<Served> deployments, List<Declared<RouteSpec, RouteStatus>> routes);

  /// What callers want of the deployment; [Demand#NONE] for what is not served. One asker, any
  /// thread.
  Demand demand(String deployment);
}
