package dev.loopgate.app;

import dev.loopgate.capture.CaptureLimits;
import dev.loopgate.capture.Redaction;
import dev.loopgate.fleet.ModelRoute;
import dev.loopgate.proxy.AddressRange;
import dev.loopgate.proxy.Forwarding;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Every setting there is. Options, variables, keys of a file, `loopgate config` and
/// `docs/configuration.md` all come from here.
final class SettingsTable {
  private static final long KIB = 1L << 10;
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  static final Setting<Optional<Address>> LISTEN =
      new Setting<>(
          "listen",
          new Kind.Door(false),
          "127.0.0.1:8080",
          "127.0.0.1:8080",
          SidecarSettings.LISTEN,
          "The door: models (but of a sidecar), feedback, health and metrics. Port 0 lets the system choose one.");
  static final Setting<Optional<Address>> ADMIN =
      setting(
          "admin",
          new Kind.Door(true),
          "none",
          "A door of its own for /metrics and the details of /readyz; they leave the other one.");
  static final Setting<Optional<Path>> TLS_CERTIFICATE =
      setting(
          "tls.certificate",
          new Kind.OptionalPlace(),
          "none",
          "The door's certificate and what it was issued by, PEM: then callers come over TLS, with HTTP/2 or"
              + " HTTP/1.1. Read again when it changes.");
  static final Setting<Optional<Path>> TLS_KEY =
      setting(
          "tls.key",
          new Kind.OptionalPlace(),
          "none",
          "The key of tls.certificate, PEM, PKCS#8, not encrypted.");
  static final Setting<Optional<Path>> TLS_CLIENT_CA =
      setting(
          "tls.client-ca",
          new Kind.OptionalPlace(),
          "none",
          "Authorities, PEM: then only callers with a certificate of theirs are let in.");
  static final Setting<Path> DATA =
      setting(
          "data",
          new Kind.Place(),
          "data",
          "The directory of everything that is kept: files/ (published, but see files), spool/, models/ (their logs).");
  static final Setting<List<ConfiguredModel>> MODELS =
      setting(
          "models",
          new ModelsKind(),
          Listing.NONE,
          "The models that run already: a list of id, url (or urls) and optionally what is told below. The role up"
              + " adds its sample model, wine.");
  static final Setting<List<ModelRoute>> ROUTES =
      setting(
          "routes",
          new RoutesKind(),
          Listing.NONE,
          "Routes beside those that each model has of its own: a prefix, models by weight, and a mirror that"
              + " gets a copy, see below.");

  static final Setting<Long> CAPTURE_BYTES_MAX =
      setting(
          "capture.bytes-max",
          bytes(MIB, 64 * GIB),
          "64MiB",
          "All bodies in flight together, off the heap, divided over the event loops. Beyond it a body keeps"
              + " the prefix it has (truncated, counted as cut), no entry is dropped.");
  static final Setting<Long> CAPTURE_BODY_BYTES_MAX =
      setting(
          "capture.body-bytes-max",
          bytes(0, CaptureLimits.BYTES_MAX),
          "4MiB",
          "What is kept of one body, each direction; a model may set its own. Beyond it the record says"
              + " truncated.");
  static final Setting<Double> CAPTURE_SAMPLE =
      setting(
          "capture.sample",
          new Kind.Rate(),
          "1",
          "The part of the predictions that is kept; a model may set its own. The Request-Id decides, so that"
              + " all gateways agree; what is left out is counted as sampled_out. Feedback is always kept.");
  static final Setting<Set<String>> REDACT_HEADERS =
      setting(
          "redact.headers",
          new Kind.Names(),
          joined(Redaction.DEFAULT.headers().names()),
          "Headers that are never kept, of requests and responses; * in a name is any run of characters. A"
              + " list of yours replaces this one.");
  static final Setting<Set<String>> REDACT_QUERY_PARAMETERS =
      setting(
          "redact.query-parameters",
          new Kind.Names(),
          joined(Redaction.DEFAULT.queryParameters().names()),
          "Query parameters whose values are never kept; * in a name is any run of characters. A list of yours"
              + " replaces this one.");
  static final Setting<List<RedactedField>> REDACT_BODY =
      setting(
          "redact.body",
          new FieldsKind(true),
          FieldsKind.NONE,
          "Fields of JSON bodies whose values are never kept, of all models and of feedback; a model may name"
              + " more. A body that can't be read for sure as JSON, or is larger than 256KiB, is then not kept at"
              + " all, and counted as cut (unparsable).");

  static final Setting<Long> RING_BYTES =
      setting(
          "spool.ring-bytes",
          new Kind.Bytes(64 * KIB, GIB, true),
          "64MiB",
          "The ring that survives a kill. 64MiB is about 2 s of 40,000 small entries a second; when it is full,"
              + " bodies are cut, then entries dropped and counted.");
  static final Setting<Path> RING_DIRECTORY =
      setting(
          "spool.ring-directory",
          new Kind.Place(),
          "/dev/shm",
          "A tmpfs with twice the ring free. Where it is none, the ring lies beside the log, and a disk that"
              + " stalls may slow serving.");
  static final Setting<Long> SEGMENT_BYTES =
      setting(
          "spool.segment-bytes",
          bytes(2 * MIB, 64 * MIB),
          "64MiB",
          "One file of the log. Smaller ones are given back sooner.");
  static final Setting<Long> SPOOL_BYTES_MAX =
      setting(
          "spool.bytes-max",
          bytes(8 * MIB, 1024 * GIB),
          "16GiB",
          "The log on disk, until its entries are published. At 80 % a warning, at 95 % feedback answers 503, at"
              + " 100 % captures are dropped and counted.");
  static final Setting<Long> FREE_BYTES_MIN =
      setting(
          "spool.free-bytes-min",
          bytes(0, 1024 * GIB),
          "256MiB",
          "The disk counts as full when less than this is free.");

  static final Setting<String> SHIP =
      setting(
          "ship",
          new Kind.Choice(List.of("on", "off")),
          "on",
          "off is for benchmarks: nothing is published, the spool keeps all until it is full, and the next start"
              + " with on publishes it.");
  static final Setting<Duration> SHIP_WINDOW =
      setting(
          "ship.window",
          time(Duration.ofSeconds(1), Duration.ofSeconds(150)),
          "150s",
          "5s",
          "At most this long after it is durable an entry waits to be written to a file.");
  static final Setting<Long> SHIP_WINDOW_BYTES =
      setting(
          "ship.window-bytes",
          bytes(MIB, 256 * MIB),
          "256MiB",
          "A window closes early when this much of the log is in it.");
  static final Setting<Long> FEEDBACK_BYTES_MAX =
      setting(
          "feedback.bytes-max",
          bytes(KIB, 8 * MIB),
          "1MiB",
          "The largest feedback; a larger one is answered 413.");

  static final Setting<Integer> PROXY_LOOPS =
      setting(
          "proxy.loops",
          new Kind.Count(1, 64, true),
          "auto",
          "Event loops. auto: one for each processor, at most 64.");
  static final Setting<String> PROXY_TRANSPORT =
      setting(
          "proxy.transport",
          new Kind.Choice(List.of("auto", "epoll", "io_uring", "nio")),
          "auto",
          "How sockets are served. auto: epoll where it loads, else nio; the choice is logged at start. io_uring: fewer system calls, where kernel and container allow it.");
  static final Setting<Long> HEAD_BYTES_MAX =
      setting(
          "proxy.head-bytes-max",
          bytes(KIB, 64 * KIB),
          "16KiB",
          "A request's line and headers together; a larger head is answered 431.");
  static final Setting<Integer> CONNECTIONS_MAX =
      setting(
          "proxy.connections-max",
          new Kind.Count(1, 1_000_000, true),
          "auto",
          "Callers served at once: connections, and streams of an HTTP/2 connection beyond its first; one more"
              + " is closed or refused at once. auto: as many as the memory allows were each to"
              + " fill its buffers, at most 1024.");
  static final Setting<String> PROXY_PROTOCOL =
      setting(
          "proxy.proxy-protocol",
          new Kind.Choice(List.of("off", "on")),
          "off",
          "on: each connection of listen begins with a header of the PROXY protocol, version 1 or 2, before TLS;"
              + " one that does not is closed and counted. The caller is who it names.");
  static final Setting<List<AddressRange>> PROXY_PROTOCOL_PEERS =
      setting(
          "proxy.proxy-protocol-peers",
          new EdgeKinds.Ranges(),
          "",
          "Who may connect then, like 10.0.0.0/8,2001:db8::7; all others are closed and counted. Empty: anybody"
              + " who reaches the port, who then can claim any address.");
  static final Setting<Integer> TRUSTED_HOPS =
      setting(
          "proxy.trusted-hops",
          new EdgeKinds.Hops(),
          "all",
          "How many proxies in front are believed what they say of the caller in X-Forwarded-* or Forwarded. 0: none,"
              + " what came is taken off. all: whatever came is passed on and recorded.");
  static final Setting<Forwarding> FORWARDED_HEADERS =
      setting(
          "proxy.forwarded-headers",
          new EdgeKinds.Headers(),
          "x-forwarded",
          "In which headers models are told of the caller. both: told in X-Forwarded-*, passed on in both. none:"
              + " nothing is added.");
  static final Setting<String> TRACEPARENT =
      setting(
          "proxy.traceparent",
          new Kind.Choice(List.of("pass", "make")),
          "pass",
          "make: a request without a valid traceparent begins a trace of its own. Either way a valid one is passed"
              + " on untouched, and its trace id is in the record.");
  static final Setting<Duration> CALLER_HEAD_TIMEOUT =
      setting(
          "proxy.caller-head-timeout",
          time(Duration.ofMillis(10), Duration.ofHours(1)),
          "10s",
          "From a request's first byte to the end of its head; beyond it 408.");
  static final Setting<Duration> CALLER_IDLE =
      setting(
          "proxy.caller-idle",
          time(Duration.ofMillis(10), Duration.ofHours(24)),
          "75s",
          "A caller's connection is closed when unused for this long between two requests.");
  static final Setting<Duration> CALLER_STALLED_TIMEOUT =
      setting(
          "proxy.caller-stalled-timeout",
          time(Duration.ofMillis(10), Duration.ofHours(24)),
          "1m",
          "A caller neither sends nor takes a byte that is waited for; beyond it 408, or the end of the"
              + " connection when its answer has begun.");
  static final Setting<Integer> MODEL_CONNECTIONS_MAX =
      setting(
          "proxy.model-connections-max",
          new Kind.Count(1, 65_535, false),
          "1024",
          "Connections to all models over all event loops; beyond it a request waits as long as for a"
              + " connection, then 503.");
  static final Setting<Duration> MODEL_IDLE =
      setting(
          "proxy.model-idle",
          time(Duration.ofMillis(1), Duration.ofMinutes(10)),
          "1500ms",
          "A connection to a model is closed when unused for this long; less if the model says so in"
              + " Keep-Alive.");
  static final Setting<Duration> CONNECT_TIMEOUT =
      setting(
          "proxy.connect-timeout",
          time(Duration.ofMillis(10), Duration.ofMinutes(10)),
          "2s",
          "To reach a model or to wait for a free connection; beyond it 502 or 503.");
  static final Setting<Duration> FIRST_BYTE_TIMEOUT =
      setting(
          "proxy.first-byte-timeout",
          time(Duration.ofMillis(10), Duration.ofHours(24)),
          "10m",
          "From the request's last progress to the first byte of the answer; beyond it 504.");
  static final Setting<Duration> IDLE_TIMEOUT =
      setting(
          "proxy.idle-timeout",
          time(Duration.ofMillis(10), Duration.ofHours(24)),
          "5m",
          "Without a byte in the middle of an answer; beyond it the answer is cut.");
  static final Setting<Duration> TOTAL_TIMEOUT =
      setting(
          "proxy.total-timeout",
          time(Duration.ofMillis(10), Duration.ofHours(240)),
          "1h",
          "One exchange from the request's head to the answer's end; beyond it 504, or the answer is cut.");

  static final Setting<Optional<Duration>> DRAIN_DELAY =
      setting(
          "drain-delay",
          new AutoTimeKind(time(Duration.ZERO, Duration.ofHours(1))),
          "auto",
          "0s",
          "After SIGTERM /readyz says 503 for this long while everybody is still served, so that load"
              + " balancers look away before the door closes. auto: 5s, less where grace has no room for"
              + " it.");
  static final Setting<Duration> DRAIN =
      setting(
          "drain",
          time(Duration.ZERO, Duration.ofHours(1)),
          "10s",
          "Once the door is closed exchanges in flight have this long to end; what is left ends as"
              + " gateway_stopped.");
  static final Setting<Duration> GRACE =
      setting(
          "grace",
          time(Duration.ofSeconds(1), Duration.ofHours(2)),
          "20s",
          "After SIGTERM the process ends within this time, drain-delay and drain included; what is not published by then is"
              + " published after the next start.");

  private static final List<Setting<?>> OWN =
      List.of(
          LISTEN,
          ADMIN,
          TLS_CERTIFICATE,
          TLS_KEY,
          TLS_CLIENT_CA,
          DATA,
          MODELS,
          ROUTES,
          TokenSettings.AUTH_JWKS,
          TokenSettings.AUTH_ISSUER,
          TokenSettings.AUTH_AUDIENCE,
          TokenSettings.AUTH_ROLES_CLAIM,
          TokenSettings.AUTH_LEEWAY,
          TokenSettings.AUTH_FORWARD,
          TokenSettings.AUTH_REFRESH,
          TokenSettings.AUTH_STALE,
          TokenSettings.AUTH_CACHE_BYTES,
          CAPTURE_BYTES_MAX,
          CAPTURE_BODY_BYTES_MAX,
          CAPTURE_SAMPLE,
          REDACT_HEADERS,
          REDACT_QUERY_PARAMETERS,
          REDACT_BODY,
          RING_BYTES,
          RING_DIRECTORY,
          SEGMENT_BYTES,
          SPOOL_BYTES_MAX,
          FREE_BYTES_MIN,
          SHIP,
          SHIP_WINDOW,
          SHIP_WINDOW_BYTES,
          FEEDBACK_BYTES_MAX,
          PROXY_LOOPS,
          PROXY_TRANSPORT,
          HEAD_BYTES_MAX,
          CONNECTIONS_MAX,
          PROXY_PROTOCOL,
          PROXY_PROTOCOL_PEERS,
          TRUSTED_HOPS,
          FORWARDED_HEADERS,
          TRACEPARENT,
          CALLER_HEAD_TIMEOUT,
          CALLER_IDLE,
          CALLER_STALLED_TIMEOUT,
          MODEL_CONNECTIONS_MAX,
          MODEL_IDLE,
          CONNECT_TIMEOUT,
          FIRST_BYTE_TIMEOUT,
          IDLE_TIMEOUT,
          TOTAL_TIMEOUT,
          DRAIN_DELAY,
          DRAIN,
          GRACE);

  /// All of them, in the order of the documentation.
  static final List<Setting<?>> ALL = all();

  private SettingsTable() {}

  private static List<Setting<?>> all() {
    List<Setting<?>> all = new ArrayList<>(OWN);
    all.addAll(OWN.indexOf(SHIP), StoreSettings.ALL);
    all.addAll(all.indexOf(TokenSettings.AUTH_JWKS), ApiSettings.ALL);
    all.addAll(all.indexOf(DRAIN_DELAY), EnvoySettings.ALL);
    all.addAll(all.indexOf(DRAIN_DELAY), XdsSettings.ALL);
    all.addAll(all.indexOf(DRAIN_DELAY), SidecarSettings.ALL);
    return List.copyOf(all);
  }

  /// The names, for suggestions.
  static List<String> names() {
    return ALL.stream().<String>map(Setting::name).toList();
  }

  static <T> Setting<T> setting(String name, Kind<T> kind, String byDefault, String meaning) {
    return setting(name, kind, byDefault, byDefault, meaning);
  }

  static <T> Setting<T> setting(
      String name, Kind<T> kind, String byDefault, String inUp, String meaning) {
    return new Setting<>(name, kind, byDefault, inUp, byDefault, meaning);
  }

  static Kind.Bytes bytes(long min, long max) {
    return new Kind.Bytes(min, max, false);
  }

  static Kind.Time time(Duration min, Duration max) {
    return new Kind.Time(min, max);
  }

  private static String joined(Set<String> names) {
    return String.join(",", new TreeSet<>(names));
  }
}
