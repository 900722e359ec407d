package dev.loopgate.app;

import dev.loopgate.api.FeedbackConfig;
import dev.loopgate.capture.BodyRedactor;
import dev.loopgate.capture.BodyRules;
import dev.loopgate.capture.Redaction;
import dev.loopgate.extproc.AccessLogMode;
import dev.loopgate.extproc.ObservationConfig;
import dev.loopgate.fleet.Model;
import dev.loopgate.logshipper.GcsConfig;
import dev.loopgate.logshipper.S3Config;
import dev.loopgate.logshipper.Stores;
import dev.loopgate.policy.KeysRefusedException;
import dev.loopgate.policy.PolicyConfig;
import dev.loopgate.proxy.AddressRange;
import dev.loopgate.proxy.CallerLimits;
import dev.loopgate.proxy.Edge;
import dev.loopgate.proxy.ModelLimits;
import dev.loopgate.proxy.Proxy;
import dev.loopgate.proxy.ProxyConfig;
import dev.loopgate.proxy.TlsFiles;
import dev.loopgate.spool.SpoolConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Each room's own record, made of the settings: no room sees more than its own.
final class Rooms {
  private static final int LOOPS_MAX = 64;
  private static final int CONNECTIONS_AUTO_MAX = 1024;
  private static final int CONNECTIONS_AUTO_MIN =
      12; // with fewer it is no gateway: the sum says so
  private static final long KIB = 1L << 10;
  private static final long MIB = 1L << 20;
  private static final long LANE_BYTES = 256 * KIB;
  private static final int ENVOY_HEAD_BYTES_MAX = (int) (8 * MIB);
  private static final long ENVOY_MESSAGES_BYTES = 64 * MIB;
  // As it came, as it is kept, as it is answered.
  private static final int FEEDBACK_COPIES = 3;

  private final Settings settings;
  private final Memory memory;

  Rooms(Settings settings, Memory memory) {
    this.settings = settings;
    this.memory = memory;
  }

  /// The most that all rooms can hold, each holder a line.
  HeapBudget budget() throws UsageException {
    return fixed().offHeap("proxy.connections-max", connectionsMax() * bytesOfConnection());
  }

  private HeapBudget fixed() throws UsageException {
    HeapBudget budget = sinks().offHeap(beforeFeedback());
    long captureBytes = settings.get(SettingsTable.CAPTURE_BYTES_MAX);
    if (hasEnvoy()) {
      budget = budget.offHeap("messages of Envoys", ENVOY_MESSAGES_BYTES);
      captureBytes *= 2; // what is observed has as much of its own
    }
    return budget
        .onHeap("feedback in flight", FEEDBACK_COPIES * (long) feedbackInFlight())
        .offHeap("capture.bytes-max", captureBytes)
        .offHeap("the log's write buffers", 16 * MIB) // a group, a preamble, zeros for two files
        // The largest entry, and what the scans of open segments hold.
        .offHeap("the log being read", (1L + settings.get(StoreSettings.SINKS).size()) * 36 * MIB);
  }

  private HeapBudget beforeFeedback() throws UsageException {
    HeapBudget budget =
        new HeapBudget()
            .onHeap("what is there after the start", 12 * MIB)
            .onHeap("a window's index", 8 * MIB)
            // Its wire bytes, its text, the text as it grows.
            .onHeap("a body being decoded", SinkPlans.WINDOW_BYTES - 8 * MIB)
            .onHeap("proxy.loops", lanes() * bytesOfLoop())
            // Also where no field is secret now: a configuration that is read again may name some.
            .onHeap("bodies being redacted", lanes() * bytesOfRedaction());
    budget = sinks().onHeap(budget);
    if (hasEnvoy()) {
      // Twice: as Envoy sends it, and as it is kept.
      budget =
          budget
              .onHeap("heads of exchanges beside Envoy", 2L * ENVOY_HEAD_BYTES_MAX)
              .onHeap("access logs of Envoys", ObservationConfig.LOG_BYTES_MAX)
              .onHeap("counters of Envoys", ObservationConfig.COUNTERS_BYTES_MAX);
    }
    if (settings.get(XdsSettings.XDS_LISTEN).isPresent()) {
      // The one that is offered, the next one, and one being sent, of a thousand models.
      budget = budget.onHeap("configuration of Envoys", 3 * 4 * MIB);
    }
    PolicyConfig policy = policy();
    return policy == null ? budget : budget.onHeap("auth.cache-bytes", policy.bytesMax());
  }

  // A body as it came and unpacked, and a feedback as bytes, as it is kept, and as that grows.
  private long bytesOfRedaction() throws UsageException {
    long ofFeedback =
        feedback().secret().isEmpty() ? 0 : 4L * settings.get(SettingsTable.FEEDBACK_BYTES_MAX);
    return BodyRedactor.HEAP_BYTES_MAX + ofFeedback;
  }

  /// Of the heap that nothing else can take, as much as is of use; the largest feedback passes, or
  /// the sum says so.
  private int feedbackInFlight() throws UsageException {
    long fits = beforeFeedback().heapLeft(memory.heapMax()) / FEEDBACK_COPIES / KIB * KIB;
    return (int)
        Math.clamp(
            fits, settings.get(SettingsTable.FEEDBACK_BYTES_MAX), ProxyConfig.LOCAL_BYTES_MAX);
  }

  // A head being read, and what a lane keeps to write an entry's own fields into.
  private long bytesOfLoop() throws UsageException {
    return settings.get(SettingsTable.HEAD_BYTES_MAX) + LANE_BYTES;
  }

  private int connectionsMax() throws UsageException {
    int chosen = settings.get(SettingsTable.CONNECTIONS_MAX);
    if (chosen > 0) {
      return chosen;
    }
    long fits = fixed().directLeft(memory.directMax()) / bytesOfConnection();
    return Math.clamp(fits, CONNECTIONS_AUTO_MIN, CONNECTIONS_AUTO_MAX);
  }

  private long bytesOfConnection() throws UsageException {
    InetSocketAddress anywhere = new InetSocketAddress(0);
    return proxy(anywhere, 2).bytesMax() - proxy(anywhere, 1).bytesMax();
  }

  Redaction redaction() throws UsageException {
    Set<String> headers = new HashSet<>(settings.get(SettingsTable.REDACT_HEADERS));
    if (settings.get(TokenSettings.AUTH_JWKS).isPresent()) {
      headers.add("authorization"); // whatever the list says: what opens models is never kept
    }
    return new Redaction(headers, settings.get(SettingsTable.REDACT_QUERY_PARAMETERS));
  }

  FeedbackConfig feedback() throws UsageException {
    return new FeedbackConfig(
        settings.get(SettingsTable.FEEDBACK_BYTES_MAX).intValue(),
        redaction(),
        new BodyRules(
            settings.get(SettingsTable.REDACT_BODY).stream()
                .filter(RedactedField::inFeedback)
                .map(RedactedField::rule)
                .toList()));
  }

  ProxyConfig proxy(InetSocketAddress address) throws UsageException {
    return proxy(address, connectionsMax());
  }

  private ProxyConfig proxy(InetSocketAddress address, int connectionsMax) throws UsageException {
    return new ProxyConfig(
        address,
        loops(),
        connectionsMax,
        settings.get(SettingsTable.HEAD_BYTES_MAX).intValue(),
        settings.get(SettingsTable.CAPTURE_BYTES_MAX),
        feedbackInFlight(),
        new CallerLimits(
            settings.get(SettingsTable.CALLER_HEAD_TIMEOUT),
            settings.get(SettingsTable.CALLER_IDLE),
            settings.get(SettingsTable.CALLER_STALLED_TIMEOUT)),
        new ModelLimits(
            settings.get(SettingsTable.CONNECT_TIMEOUT),
            settings.get(SettingsTable.FIRST_BYTE_TIMEOUT),
            settings.get(SettingsTable.IDLE_TIMEOUT),
            settings.get(SettingsTable.TOTAL_TIMEOUT),
            settings.get(SettingsTable.MODEL_IDLE),
            settings.get(SettingsTable.MODEL_CONNECTIONS_MAX)),
        edge(),
        tls());
  }

  private Edge edge() throws UsageException {
    List<AddressRange> peers = settings.get(SettingsTable.PROXY_PROTOCOL_PEERS);
    boolean on = settings.get(SettingsTable.PROXY_PROTOCOL).equals("on");
    if (!on && !peers.isEmpty()) {
      throw new UsageException(
          settings.where(SettingsTable.PROXY_PROTOCOL_PEERS)
              + ": proxy.proxy-protocol-peers stands alone; allowed: beside proxy.proxy-protocol=on");
    }
    return new Edge(
        on ? Edge.ProxyProtocol.REQUIRED : Edge.ProxyProtocol.OFF,
        peers,
        settings.get(SettingsTable.TRUSTED_HOPS),
        settings.get(SettingsTable.FORWARDED_HEADERS),
        settings.get(SettingsTable.TRACEPARENT).equals("make") ? Edge.Trace.MAKE : Edge.Trace.PASS);
  }

  /// Looks at the certificates of the door and for models, before anything is opened.
  ///
  /// @throws StartException when it can't be used; the line names the files
  void checkCertificates() throws StartException, UsageException {
    TlsFiles files = tls();
    try {
      if (files != null) {
        files.check();
      }
      for (Model model : settings.models()) {
        if (model.upstream().isSecure()) {
          Proxy.check(model.upstream().trust());
        }
      }
    } catch (IOException e) {
      throw new StartException(String.valueOf(e.getMessage()), e);
    }
  }

  /// Who may pass; null for everybody.
  @Nullable PolicyConfig policy() throws UsageException {
    Optional<PolicyConfig.Published> keys = settings.get(TokenSettings.AUTH_JWKS);
    if (keys.isEmpty()) {
      for (Setting<?> lone : List.of(TokenSettings.AUTH_ISSUER, TokenSettings.AUTH_AUDIENCE)) {
        if (!settings.get(lone).equals(Optional.empty())) {
          throw new UsageException(
              settings.where(lone)
                  + ": "
                  + lone.name()
                  + " stands without auth.jwks, so nobody would be asked for a token; allowed:"
                  + " beside auth.jwks");
        }
      }
      settings.checkRoles(settings);
      return null;
    }
    Duration refresh = settings.get(TokenSettings.AUTH_REFRESH);
    Duration stale = settings.get(TokenSettings.AUTH_STALE);
    if (stale.compareTo(refresh) < 0) {
      throw new UsageException(
          settings.where(TokenSettings.AUTH_STALE)
              + ": auth.stale="
              + Kind.Time.shown(stale)
              + " is shorter than auth.refresh="
              + Kind.Time.shown(refresh)
              + "; allowed: at least auth.refresh");
    }
    PolicyConfig.Freshness defaults = PolicyConfig.Freshness.DEFAULT;
    return new PolicyConfig(
        keys.get(),
        new PolicyConfig.Expected(
            settings.get(TokenSettings.AUTH_ISSUER).orElse(null),
            settings.get(TokenSettings.AUTH_AUDIENCE).orElse(null),
            settings.get(TokenSettings.AUTH_ROLES_CLAIM).orElseThrow(),
            settings.get(TokenSettings.AUTH_LEEWAY)),
        new PolicyConfig.Freshness(refresh, stale, defaults.pause(), defaults.within()),
        settings.get(TokenSettings.AUTH_FORWARD).equals("true"),
        settings.get(TokenSettings.AUTH_CACHE_BYTES));
  }

  /// Looks at the keys of tokens, before anything is opened.
  ///
  /// @throws StartException when a file's can't be used; the line names it
  void checkKeys() throws StartException, UsageException {
    PolicyConfig policy = policy();
    if (policy != null) {
      try {
        policy.check();
      } catch (KeysRefusedException e) {
        throw new StartException("auth.jwks: " + e.getMessage(), e);
      }
    }
  }

  private @Nullable TlsFiles tls() throws UsageException {
    Optional<Path> certificate = settings.get(SettingsTable.TLS_CERTIFICATE);
    Optional<Path> key = settings.get(SettingsTable.TLS_KEY);
    Optional<Path> clientCa = settings.get(SettingsTable.TLS_CLIENT_CA);
    if (certificate.isPresent() && key.isPresent()) {
      return new TlsFiles(certificate.get(), key.get(), clientCa.orElse(null));
    }
    if (certificate.isEmpty() && key.isEmpty() && clientCa.isEmpty()) {
      return null;
    }
    throw standsAlone(
        List.of(SettingsTable.TLS_CERTIFICATE, SettingsTable.TLS_KEY, SettingsTable.TLS_CLIENT_CA),
        "tls.certificate and tls.key together, tls.client-ca beside them");
  }

  /// Names the first that is set of optional settings that go together.
  private UsageException standsAlone(List<Setting<Optional<Path>>> together, String allowed)
      throws UsageException {
    for (Setting<Optional<Path>> each : together) {
      if (settings.get(each).isPresent()) {
        return new UsageException(
            settings.where(each) + ": " + each.name() + " stands alone; allowed: " + allowed);
      }
    }
    throw new IllegalStateException("settings: none is set of " + together);
  }

  SpoolConfig spool(Path directory) throws UsageException {
    SpoolConfig defaults = SpoolConfig.in(directory);
    return new SpoolConfig(
        directory,
        settings.get(SettingsTable.RING_DIRECTORY),
        settings.get(SettingsTable.RING_BYTES).intValue(),
        settings.get(SettingsTable.SEGMENT_BYTES).intValue(),
        settings.get(SettingsTable.SPOOL_BYTES_MAX),
        settings.get(SettingsTable.FREE_BYTES_MIN),
        lanes(),
        defaults.forceAfter(),
        defaults.forceAfterBytes(),
        defaults.forceTimeout());
  }

  /// The sinks of this gateway.
  SinkPlans sinks() {
    return new SinkPlans(settings);
  }

  /// The stores that files can go to.
  Stores stores() throws UsageException {
    Optional<URI> endpoint = settings.get(StoreSettings.S3_ENDPOINT);
    String pathStyle = settings.get(StoreSettings.S3_PATH_STYLE);
    String encryption = settings.get(StoreSettings.S3_ENCRYPTION);
    Optional<String> key = settings.get(StoreSettings.S3_KMS_KEY);
    if (key.isPresent() && !encryption.equals("aws:kms")) {
      throw new UsageException(
          settings.where(StoreSettings.S3_KMS_KEY)
              + ": s3.kms-key stands alone; allowed: beside s3.encryption=aws:kms");
    }
    String storageClass = settings.get(StoreSettings.S3_STORAGE_CLASS);
    S3Config s3 =
        new S3Config(
            endpoint.orElse(null),
            settings.get(StoreSettings.S3_REGION).orElse(null),
            pathStyle.equals("auto") ? endpoint.isPresent() : pathStyle.equals("on"),
            new S3Config.Encryption(
                encryption.equals("none") ? null : encryption, key.orElse(null)),
            storageClass.equals("none") ? null : storageClass,
            settings.get(StoreSettings.S3_REQUESTER_PAYS).equals("on"),
            settings.get(StoreSettings.S3_CHECKSUM).equals("crc32c")
                ? S3Config.Integrity.CRC32C
                : S3Config.Integrity.MD5,
            settings.get(StoreSettings.S3_NAMES).equals("unique")
                ? S3Config.Names.UNIQUE
                : S3Config.Names.CREATE_ONLY);
    return new Stores(
        s3,
        new GcsConfig(
            settings.get(StoreSettings.GCS_ENDPOINT).orElse(null),
            settings.get(StoreSettings.GCS_PROJECT).orElse(null)));
  }

  /// Event loops.
  int loops() throws UsageException {
    int chosen = settings.get(SettingsTable.PROXY_LOOPS);
    return chosen > 0
        ? chosen
        : Math.clamp(Runtime.getRuntime().availableProcessors(), 1, LOOPS_MAX);
  }

  /// Event loops that write to the spool: the proxy's, and those of the door for Envoys.
  int lanes() throws UsageException {
    return (hasEnvoy() ? 2 : 1) * loops();
  }

  private boolean hasEnvoy() throws UsageException {
    return settings.get(EnvoySettings.ENVOY_LISTEN).isPresent();
  }

  /// The door for Envoys, looked at before anything is opened.
  Optional<EnvoyConfig> envoy() throws StartException, UsageException {
    Optional<Address> address = settings.get(EnvoySettings.ENVOY_LISTEN);
    EnvoyConfig.Mutual tls = envoyTls();
    if (address.isEmpty()) {
      if (tls != null) {
        throw new UsageException(
            settings.where(EnvoySettings.ENVOY_CERTIFICATE)
                + ": envoy.certificate stands alone; allowed: beside envoy.listen");
      }
      return Optional.empty();
    }
    InetSocketAddress door = Doors.checked("envoy.listen", address.get());
    boolean anywhere = settings.get(EnvoySettings.ENVOY_PLAINTEXT).equals("anywhere");
    if (tls == null && !anywhere && !door.getAddress().isLoopbackAddress()) {
      throw new UsageException(
          settings.where(EnvoySettings.ENVOY_LISTEN)
              + ": envoy.listen="
              + address.get()
              + " can be reached from elsewhere, and nobody would be asked who he is; allowed: a loopback"
              + " address, envoy.certificate, envoy.key and envoy.client-ca beside it, or"
              + " envoy.plaintext=anywhere");
    }
    return Optional.of(
        new EnvoyConfig(
            door,
            loops(),
            new ObservationConfig(
                settings.get(SettingsTable.CAPTURE_BYTES_MAX),
                settings.get(EnvoySettings.ENVOY_EXCHANGES_MAX),
                ENVOY_HEAD_BYTES_MAX,
                settings.get(EnvoySettings.ENVOY_IDLE),
                settings.get(EnvoySettings.ENVOY_ACCESS_LOG).equals("keep")
                    ? AccessLogMode.KEEP
                    : AccessLogMode.JOIN),
            tls));
  }

  private EnvoyConfig.@Nullable Mutual envoyTls() throws UsageException {
    Optional<Path> certificate = settings.get(EnvoySettings.ENVOY_CERTIFICATE);
    Optional<Path> key = settings.get(EnvoySettings.ENVOY_KEY);
    Optional<Path> clientCa = settings.get(EnvoySettings.ENVOY_CLIENT_CA);
    if (certificate.isPresent() && key.isPresent() && clientCa.isPresent()) {
      return new EnvoyConfig.Mutual(certificate.get(), key.get(), clientCa.get());
    }
    if (certificate.isEmpty() && key.isEmpty() && clientCa.isEmpty()) {
      return null;
    }
    throw standsAlone(
        List.of(
            EnvoySettings.ENVOY_CERTIFICATE,
            EnvoySettings.ENVOY_KEY,
            EnvoySettings.ENVOY_CLIENT_CA),
        "envoy.certificate, envoy.key and envoy.client-ca together");
  }
}
