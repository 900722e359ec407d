package dev.loopgate.app;

import dev.loopgate.policy.PolicyEvents;
import dev.loopgate.policy.RefusalReason;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/// What becomes of tokens and their keys, as metrics and lines. Nothing of a token is in either.
final class PolicyTelemetry implements PolicyEvents {
  private static final String ROOM = "policy";

  private final LogLines log;
  private final WordCounters<RefusalReason> refusals;
  private final Counter judged;
  private final Counter reads;
  private final Gauge keys;

  PolicyTelemetry(PrometheusRegistry registry, LogLines log) {
    this.log = log;
    refusals =
        new WordCounters<>(
            Counter.builder()
                .name("loopgate_auth_refusals")
                .help("Requests that may not pass.")
                .labelNames("reason")
                .register(registry),
            RefusalReason.class,
            RefusalReason::word);
    judged =
        Counter.builder()
            .name("loopgate_auth_tokens_judged")
            .help("Tokens that were verified, or refused; one that is remembered is not again.")
            .register(registry);
    reads =
        Counter.builder()
            .name("loopgate_auth_key_reads")
            .help("Reads of auth.jwks.")
            .labelNames("result")
            .register(registry);
    for (String result : new String[] {"used", "refused"}) {
      reads.labelValues(result).inc(0);
    }
    keys = Gauge.builder().name("loopgate_auth_keys").help("Keys in use.").register(registry);
  }

  @Override
  public void refused(RefusalReason reason) {
    refusals.inc(reason);
  }

  @Override
  public void judged() {
    judged.inc();
  }

  @Override
  public void keysRead(int count, boolean changed) {
    reads.labelValues("used").inc();
    keys.set(count);
    if (changed) {
      log.line(LogLines.Level.INFO, ROOM, "keys of tokens are read: " + count);
    }
  }

  @Override
  public void keysRefused(String reason) {
    reads.labelValues("refused").inc();
    log.repeated(
        LogLines.Level.WARN,
        ROOM,
        "keys",
        "the keys of tokens can't be used, those before stay as long as they may: " + reason);
  }

  @Override
  public void failed(Throwable cause) {
    log.repeated(LogLines.Level.ERROR, ROOM, "failed", "a bug: " + cause.getClass().getName());
  }
}
