package dev.loopgate.extproc;

import static dev.loopgate.extproc.EnvoyMetrics.BROKEN_OFF;
import static dev.loopgate.extproc.EnvoyMetrics.FAILED;
import static dev.loopgate.extproc.EnvoyMetrics.counted;
import static dev.loopgate.extproc.EnvoyMetrics.ofEnvoy;
import static dev.loopgate.extproc.Shows.post;
import static dev.loopgate.extproc.Shows.response;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.CodedOutputStream;
import io.envoyproxy.envoy.service.metrics.v3.StreamMetricsMessage;
import io.grpc.Status;
import io.prometheus.client.Metrics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What Envoys say that they could not tell, over real gRPC; and messages that no Envoy would send:
/// counted, and nothing else is disturbed.
class MetricsIT {
  @TempDir Path directory;

  private Observed observed;

  @BeforeEach
  void open() throws IOException {
    observed = Observed.in(directory);
  }

  @AfterEach
  void close() throws InterruptedException {
    observed.close();
    assertThat(observed.failures()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "cluster.loopgate_capture.upstream_rq_pending_failure_eject, BROKEN_OFF",
    "cluster.loopgate_capture.upstream_rq_pending_overflow, OVERFLOW",
    "cluster.loopgate_capture.upstream_rq_active_overflow, OVERFLOW",
    "cluster.loopgate_capture.upstream_rq_rx_reset, RESET",
    "cluster.loopgate_access.upstream_rq_pending_failure_eject, LOG_BROKEN_OFF",
    "cluster.loopgate_access.upstream_rq_active_overflow, LOG_OVERFLOW",
    "http.ingress_http.ext_proc.streams_failed, STREAM_FAILED",
    "http.a.b.ext_proc.message_timeouts, MESSAGE_TIMEOUT",
    "access_logs.grpc_access_log.logs_dropped, LOG_DROPPED",
  })
  void whatAnEnvoyCountsOfItsSideChannelIsCounted(String name, ToldLoss what) throws Exception {
    told(counted(counted(ofEnvoy("edge-1"), "cluster.m.upstream_rq_total", 7), name, 3));

    assertThat(observed.toldLost()).isEqualTo(Map.of(what, 3L));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cluster.loopgate_capture.upstream_rq_tx_reset", // each stream of external processing
        "cluster.loopgate_capture2.upstream_rq_rx_reset",
        "cluster.m.upstream_rq_pending_overflow",
        "http.ext_proc.streams_failed", // all managers under one name, told apart by labels
        "http.ingress.ext_proc.streams_started",
        "http.ingress.ext_authz.streams_failed",
        "access_logs.grpc_access_log.logs_written",
        "",
      })
  void whatElseAnEnvoyCountsIsNothingToUs(String name) throws Exception {
    told(counted(ofEnvoy("edge-1"), name, 3));

    assertThat(observed.toldLost()).isEmpty();
  }

  @Test
  void aGaugeOfThatNameIsNoCounter() throws Exception {
    StreamMetricsMessage.Builder message = ofEnvoy("edge-1");
    message
        .addEnvoyMetricsBuilder()
        .setName(FAILED)
        .setType(Metrics.MetricType.GAUGE)
        .addMetricBuilder()
        .setGauge(Metrics.Gauge.newBuilder().setValue(3));
    told(message);

    assertThat(observed.toldLost()).isEmpty();
  }

  @Test
  void eachEnvoyGoesOnWhereItWas() throws Exception {
    EnvoyMetrics one = EnvoyMetrics.open(observed.channel());
    one.tell(counted(ofEnvoy("edge-1"), BROKEN_OFF, 5)).tell(counted(BROKEN_OFF, 6)).close();
    observed.awaitMetrics(MetricsUse.READ, 2);
    EnvoyMetrics.open(observed.channel()).tell(counted(ofEnvoy("edge-1"), BROKEN_OFF, 8)).close();
    EnvoyMetrics.open(observed.channel()).tell(counted(ofEnvoy("edge-2"), BROKEN_OFF, 100)).close();
    observed.awaitMetrics(MetricsUse.READ, 4);

    assertThat(observed.toldLost()).isEqualTo(Map.of(ToldLoss.BROKEN_OFF, 108L));
  }

  @Test
  void whatComesTwiceInOneMessageIsOneCounter() throws Exception {
    EnvoyMetrics envoy = EnvoyMetrics.open(observed.channel());
    envoy.tell(counted(counted(ofEnvoy("edge-1"), BROKEN_OFF, 100), BROKEN_OFF, 5));
    envoy.tell(counted(counted(ofEnvoy("edge-1"), BROKEN_OFF, 100), BROKEN_OFF, 6));
    observed.awaitMetrics(MetricsUse.READ, 2);

    assertThat(observed.toldLost()).isEqualTo(Map.of(ToldLoss.BROKEN_OFF, 106L));
    envoy.close();
  }

  @Test
  void whatEndsBeforeItsLengthIsMalformed() throws Exception {
    byte[] whole = counted(ofEnvoy("edge-1"), BROKEN_OFF, 3).build().toByteArray();
    byte[] longer = Arrays.copyOf(whole, whole.length + 2);
    longer[whole.length] = 2 << 3 | 2; // one more family, of 100 bytes
    longer[whole.length + 1] = 100;
    EnvoyMetrics envoy = EnvoyMetrics.open(observed.channel());
    envoy.tell(longer);

    assertThat(envoy.awaitEnd()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(observed.toldLost()).isEmpty();
  }

  @Test
  void aMessageThatIsLargerThanTheDoorTakesIsSeen() throws Exception {
    EnvoyMetrics envoy = EnvoyMetrics.open(observed.channel());
    envoy.tell(new byte[32 << 20]);

    observed.awaitMetrics(MetricsUse.UNREAD, 1);
    assertThat(envoy.awaitEnd()).isNotEqualTo(Status.Code.OK);
  }

  @Test
  void theFirstMessageOfAStreamNamesItsEnvoy() throws Exception {
    EnvoyMetrics nameless = EnvoyMetrics.open(observed.channel());
    nameless.tell(counted(BROKEN_OFF, 5));

    assertThat(nameless.awaitEnd()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    observed.awaitMetrics(MetricsUse.MALFORMED, 1);
    assertThat(observed.toldLost()).isEmpty();
  }

  @Test
  void whateverAnEnvoyIsCalledItIsAName() throws Exception {
    told(counted(ofEnvoy("\"}\n../../etc/passwd\0%s ${jndi:x} \u202e"), BROKEN_OFF, 5));
    assertThat(observed.toldLost()).isEqualTo(Map.of(ToldLoss.BROKEN_OFF, 5L));

    EnvoyMetrics endless = EnvoyMetrics.open(observed.channel());
    endless.tell(counted(ofEnvoy("x".repeat(MetricsMarshaller.NODE_BYTES_MAX + 1)), BROKEN_OFF, 5));
    assertThat(endless.awaitEnd()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    observed.awaitMetrics(MetricsUse.MALFORMED, 1);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1, Double.NaN, Double.POSITIVE_INFINITY, 1e300})
  void aCounterThatCountsNothingIsMalformed(double value) throws Exception {
    EnvoyMetrics envoy = EnvoyMetrics.open(observed.channel());
    envoy.tell(counted(ofEnvoy("edge-1"), BROKEN_OFF, value));

    assertThat(envoy.awaitEnd()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(observed.toldLost()).isEmpty();
  }

  @Test
  void bytesThatAreNoMessageEndTheirStreamAlone() throws Exception {
    EnvoyMetrics good = EnvoyMetrics.open(observed.channel());
    good.tell(counted(ofEnvoy("good"), BROKEN_OFF, 1));
    observed.awaitMetrics(MetricsUse.READ, 1);
    Random random = new Random(7);
    byte[] whole = counted(ofEnvoy("edge-1"), BROKEN_OFF, 3).build().toByteArray();
    for (int i = 0; i < 200; i++) {
      byte[] bytes = whole.clone();
      for (int j = 0; j < 1 + random.nextInt(4); j++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      EnvoyMetrics envoy = EnvoyMetrics.open(observed.channel());
      envoy.tell(bytes).close();
    }
    EnvoyStream exchange = EnvoyStream.waiting(observed.channel());
    exchange.show(post("good"), response(true, ":status: 200"));
    assertThat(exchange.awaitEnd()).isEqualTo(Status.Code.OK);
    observed.await(1);
    assertThat(good.isOpen()).as("seed=7").isTrue();
    good.close();
  }

  @Test
  void groupsInGroupsAreMalformed() throws Exception {
    byte[] groups = new byte[100_000];
    Arrays.fill(groups, (byte) (9 << 3 | 3));
    EnvoyMetrics envoy = EnvoyMetrics.open(observed.channel());
    envoy.tell(groups);

    assertThat(envoy.awaitEnd()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    observed.awaitMetrics(MetricsUse.MALFORMED, 1);
  }

  /// Objects of all that would take some hundred megabytes.
  @Test
  void aMillionEmptyFamiliesBecomeNothing() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(4 << 20);
    counted(ofEnvoy("edge-1"), BROKEN_OFF, 3).build().writeTo(bytes);
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    for (int i = 0; i < 1_000_000; i++) {
      out.writeTag(2, 2);
      out.writeUInt32NoTag(0);
    }
    out.flush();
    EnvoyMetrics envoy = EnvoyMetrics.open(observed.channel());
    envoy.tell(bytes.toByteArray());
    observed.awaitMetrics(MetricsUse.READ, 1);

    assertThat(observed.toldLost()).isEqualTo(Map.of(ToldLoss.BROKEN_OFF, 3L));
    envoy.close();
  }

  @Test
  void noMoreCountersOfAMessageAreTakenThanMayBe() throws Exception {
    StreamMetricsMessage.Builder message = ofEnvoy("edge-1");
    for (int i = 0; i < 10_000; i++) {
      counted(message, "http." + i + ".ext_proc.streams_failed", 1);
    }
    told(message);

    assertThat(observed.toldLost())
        .isEqualTo(Map.of(ToldLoss.STREAM_FAILED, (long) EnvoyCounters.COUNTERS_MAX));
  }

  @Test
  void aStreamIsEndedWhereItsGatewayStops() throws Exception {
    EnvoyMetrics envoy = EnvoyMetrics.open(observed.channel());
    envoy.tell(counted(ofEnvoy("edge-1"), BROKEN_OFF, 3));
    observed.awaitMetrics(MetricsUse.READ, 1);
    observed.service().stop();

    assertThat(envoy.awaitEnd()).isEqualTo(Status.Code.OK);
  }

  private void told(StreamMetricsMessage.Builder message) throws Exception {
    EnvoyMetrics envoy = EnvoyMetrics.open(observed.channel());
    envoy.tell(message);
    observed.awaitMetrics(MetricsUse.READ, 1);
    envoy.close();
  }
}
