package dev.loopgate.fleet;

import java.util.Set;
import java.util.function.Consumer;

/// Where the servers of deployments run: processes of this machine, containers, a cluster. It is
/// told what should run and brings that about by itself, again and again; how many replicas there
/// should be, and when, is decided elsewhere. Any thread; no call waits for a server.
///
/// What is told twice changes nothing. What was told, [#observe] says as soon as the call is back:
/// the revision, and how many are wanted. What a host was told does not outlive it: whoever decides
/// tells all of it again after a start, and removes what [#deployments] names and nobody declares.
public interface ModelHost extends AutoCloseable {
  /// What is to run of a deployment. New to the host, no replica runs until [#scale] says so. Of
  /// another revision than before, its replicas are exchanged one after the other: none that is
  /// ready goes before one of the new revision is, and never is there more than one beside the
  /// number wanted. Until that has succeeded the old ones serve, also when the new ones can't.
  void apply(Workload workload);

  /// How many replicas are to run; 0 for none. Those that go end by themselves within their grace.
  ///
  /// @throws IllegalArgumentException when nothing was applied for the deployment, or `replicas` is
  ///   below 0
  void scale(String deployment, int replicas);

  /// At least one replica: [#scale] to 1 where the number wanted is 0, else nothing. Any gateway
  /// may say so, several at once, without asking who decides.
  ///
  /// @throws IllegalArgumentException when nothing was applied for the deployment
  void wake(String deployment);

  /// Nothing of the deployment is to run any more. [#observe] tells when nothing does; after that
  /// the host knows nothing of it.
  void remove(String deployment);

  /// What runs at this moment; [HostedDeployment#NONE] for what the host does not know.
  HostedDeployment observe(String deployment);

  /// Of which deployments the host knows, be it that servers of an earlier life are left.
  Set<String> deployments();

  /// The last of what the replicas of a deployment printed, the newest one's last.
  ///
  /// @param bytesMax at most so much of it
  /// @return UTF-8, what is none replaced; empty when there is nothing
  String log(String deployment, int bytesMax);

  /// Tells from now on of which deployments [#observe] may have something new to say. Called once,
  /// before anything is applied.
  ///
  /// @param changed returns at once; called on any thread
  void listen(Consumer<String> changed);

  /// Ends: what runs on this machine is stopped, by force after its grace; what a cluster runs goes
  /// on. Returns when it is so.
  @Override
  void close();
}
