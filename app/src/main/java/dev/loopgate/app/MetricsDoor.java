package dev.loopgate.app;

import dev.loopgate.capture.Header;
import dev.loopgate.proxy.LocalReply;
import dev.loopgate.proxy.LocalRequest;
import dev.loopgate.proxy.LocalService;
import dev.loopgate.spool.SpoolLane;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/// `/metrics` in Prometheus' text format. Written on the thread named `telemetry`: a thousand
/// models' series are too many for an event loop.
final class MetricsDoor implements LocalService {
  private final PrometheusRegistry registry;
  private final Executor telemetry;

  MetricsDoor(PrometheusRegistry registry, Executor telemetry) {
    this.registry = registry;
    this.telemetry = telemetry;
  }

  @Override
  public boolean serves(String method, String path) {
    return (method.equals("GET") || method.equals("HEAD")) && path.equals("/metrics");
  }

  @Override
  public int bodyBytesMax() {
    return 0;
  }

  @Override
  public void handle(LocalRequest request, SpoolLane lane, Consumer<LocalReply> reply) {
    try {
      telemetry.execute(() -> reply.accept(exposition()));
    } catch (RejectedExecutionException _) { // stopping, or too many scrapes wait
      reply.accept(LocalReply.json(503, "{\"error\":\"No metrics at this moment\"}"));
    }
  }

  private LocalReply exposition() {
    ByteArrayOutputStream text = new ByteArrayOutputStream(64 << 10);
    try {
      PrometheusTextFormatWriter.create()
          .write(text, registry.scrape(), EscapingScheme.UNDERSCORE_ESCAPING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new LocalReply(
        200,
        List.of(new Header("content-type", PrometheusTextFormatWriter.CONTENT_TYPE)),
        ByteBuffer.wrap(text.toByteArray()));
  }
}
