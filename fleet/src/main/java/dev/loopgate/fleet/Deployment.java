package dev.loopgate.fleet;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// A model in service: what is configured, and what was learned of it. Any thread.
public final class Deployment {
  /// Places beside its own that connections are kept to; the addresses of one machine are fewer.
  static final int PLACES_MAX = 64;

  private static final String UNKNOWN = "unknown";

  /// A name and a version, each empty before it was learned.
  private record Learned(String name, String version) {
    static final Learned NOTHING = new Learned("", "");
  }

  private final Model model;
  private final Replicas replicas;
  private final Circuit circuit;
  private final AtomicReference<Learned> discovered;
  private final AtomicReference<Learned> learned;
  private final ServedModels served;
  private final boolean elsewhere; // asked where callers wanted to go, not at its own url
  private final @Nullable Hosted hosted; // null: its servers are those of its configuration
  private final Map<Upstream, Deployment> places = new ConcurrentHashMap<>();
  private volatile boolean ready;
  private volatile boolean retired;

  /// What records and answers call a model; neither is empty.
  public record Labels(String name, String version) {}

  Deployment(Model model) {
    this(model, (Hosted) null);
  }

  /// @param hosted of a model whose servers come and go; else null
  Deployment(Model model, @Nullable Hosted hosted) {
    if (model.upstream().isHosted() != (hosted != null)) {
      throw new IllegalArgumentException("model " + model.id() + ": hosted=" + (hosted != null));
    }
    this.model = model;
    this.hosted = hosted;
    this.replicas = new Replicas(model.upstream());
    this.circuit = new Circuit(model.bounds());
    this.discovered = new AtomicReference<>(Learned.NOTHING);
    this.learned = new AtomicReference<>(Learned.NOTHING);
    this.served = new ServedModels();
    this.elsewhere = false;
  }

  /// The same one at another place: what is learned here is learned there, and its bounds hold for
  /// both together.
  private Deployment(Deployment of, Model there) {
    this.model = there;
    this.hosted = null;
    this.replicas = new Replicas(there.upstream());
    this.circuit = of.circuit;
    this.discovered = of.discovered;
    this.learned = of.learned;
    this.served = of.served;
    this.elsewhere = true;
  }

  /// The same model with another configuration. What was learned of its servers holds on where they
  /// are the same.
  Deployment(Model model, Deployment before) {
    this(model, model.upstream().isHosted() ? before.hosted : null);
    Model was = before.model();
    if (was.upstream().equals(model.upstream()) && was.predictor() == model.predictor()) {
      discovered.set(before.discovered.get());
      learned.set(before.learned.get());
      served.addAll(before.served);
      ready = before.ready;
    }
  }

  /// The same model where its callers wanted to go by themselves, in the protocol they speak. Paths
  /// and hosts are theirs, too. Beyond [#PLACES_MAX] places a connection serves one exchange.
  Deployment at(Replica place, Protocol protocol) {
    Upstream upstream = new Upstream(List.of(place), protocol, false, ServerTrust.DEFAULT);
    Deployment known = places.get(upstream);
    if (known == null) {
      known = new Deployment(this, model.at(upstream));
      if (places.size() >= PLACES_MAX) {
        known.replicas.retire(); // so that nothing of it is kept
        return known;
      }
      Deployment first = places.putIfAbsent(upstream, known);
      known = first == null ? known : first;
    }
    if (retired) {
      known.replicas.retire();
    }
    return known;
  }

  /// In service no more: connections need not be kept.
  void retire() {
    retired = true;
    replicas.retire(); // those that come and go are their host's
    places.values().forEach(Deployment::retire);
  }

  /// Whether this is a model where its callers wanted to go by themselves.
  public boolean isElsewhere() {
    return elsewhere;
  }

  /// The authority that `server` is asked by: its own, or, [#isElsewhere], what the caller said.
  ///
  /// @param said by the caller; empty when it said nothing
  public String hostAt(Replica server, String said) {
    return elsewhere && !said.isEmpty() ? said : server.hostHeader();
  }

  /// What is configured.
  public Model model() {
    return model;
  }

  /// Its servers; where they come and go, those of this moment.
  public Replicas replicas() {
    return hosted == null ? replicas : hosted.replicas();
  }

  /// What it has where its servers come and go; null where they are those of its configuration.
  public @Nullable Hosted hosted() {
    return hosted;
  }

  /// Whether it is in service no more.
  public boolean isRetired() {
    return retired;
  }

  /// What holds back more requests than it may have.
  public Circuit circuit() {
    return circuit;
  }

  /// The model's name: configured, else discovered, else as the last answer said, else the
  /// deployment's id. Never empty.
  public String name() {
    String configured = model.name();
    if (configured != null) {
      return configured;
    }
    String name = knownName();
    return name.isEmpty() ? model.id() : name;
  }

  /// The model's version: configured, else discovered, else as the last answer said, else
  /// `unknown`. Never empty.
  public String version() {
    String configured = model.version();
    if (configured != null) {
      return configured;
    }
    String version = knownVersion();
    return version.isEmpty() ? UNKNOWN : version;
  }

  /// Name and version of who answers at `path`. On a server of several models the path decides
  /// (contract section 2), unless a name is configured, which then is that of all of them.
  ///
  /// @param path as the model sees it, without query
  public Labels labelsAt(String path) {
    ServedModels.Named named = namedIn(path);
    Labels own = new Labels(name(), version());
    if (named == null) {
      return own;
    }
    if (!named.version().isEmpty() && served.has(named)) {
      return new Labels(named.name(), configuredOr(named.version()));
    }
    return named.name().equals(own.name()) || !served.has(named.withoutVersion())
        ? own
        : new Labels(named.name(), configuredOr(UNKNOWN));
  }

  /// Name and version of who answered at `path`.
  ///
  /// @param by the replica; null for none
  public Labels labelsAt(String path, @Nullable ReplicaState by) {
    Labels own = by == null ? null : by.labels();
    return own == null ? labelsAt(path) : own;
  }

  /// A prediction was answered with success at `path`: the model that it names is one of the
  /// server's.
  public void succeededAt(String path) {
    ServedModels.Named named = namedIn(path);
    if (named != null) {
      served.add(named.withoutVersion());
      served.add(named);
    }
  }

  /// Whether one of its models calls itself so.
  public boolean isCalled(String name) {
    return name().equals(name) || (model.name() == null && served.hasName(name));
  }

  /// Whether one of its models calls itself so, in this version.
  public boolean isCalled(String name, String version) {
    if (name().equals(name) && version().equals(version)) {
      return true;
    }
    if (model.name() != null || !served.has(new ServedModels.Named(name, ""))) {
      return false;
    }
    return version.equals(configuredOr(UNKNOWN))
        || (model.version() == null && served.has(new ServedModels.Named(name, version)));
  }

  // What was learned is the version of the model whose name was learned with it.
  private String configuredOr(String version) {
    String configured = model.version();
    return configured == null ? version : configured;
  }

  private ServedModels.@Nullable Named namedIn(String path) {
    boolean several =
        model.predictor() == Predictor.TRITON || model.predictor() == Predictor.OPEN_INFERENCE;
    return several && model.name() == null ? ServedModels.in(path) : null;
  }

  /// Whether its server answered as ready when it was last asked. Requests are relayed either way.
  public boolean isReady() {
    return ready;
  }

  /// Keeps whether its server is ready.
  public void ready(boolean nowReady) {
    ready = nowReady;
  }

  /// Whether name and version are both known and need not be asked for any more.
  public boolean isIdentified() {
    return (model.name() != null || !knownName().isEmpty())
        && (model.version() != null || !knownVersion().isEmpty());
  }

  /// Keeps what a model server said of itself when it was asked. What it did not say (empty) or
  /// said in a form that [Model#isLabel] does not allow leaves what was known before.
  public void discover(String name, String version) {
    keep(discovered, name, version);
  }

  /// Keeps what an answer said of the model, by the same rule. It holds where nothing was
  /// discovered.
  public void learn(String name, String version) {
    keep(learned, name, version);
  }

  private String knownName() {
    String name = discovered.get().name();
    return name.isEmpty() ? learned.get().name() : name;
  }

  private String knownVersion() {
    String version = discovered.get().version();
    return version.isEmpty() ? learned.get().version() : version;
  }

  private static void keep(AtomicReference<Learned> in, String name, String version) {
    Learned known;
    Learned more;
    do {
      known = in.get();
      more =
          new Learned(
              Model.isLabel(name) ? name : known.name(),
              Model.isLabel(version) ? version : known.version());
      // Almost every answer says what the last one said: then nothing is written.
    } while (!more.equals(known) && !in.compareAndSet(known, more));
  }
}
