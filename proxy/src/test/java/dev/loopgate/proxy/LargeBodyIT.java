package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.LargeBody;
import dev.loopgate.testkit.RawModel;
import java.io.BufferedReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class LargeBodyIT {
  private static final long BYTES = 1L << 30;
  private static final long KEPT = 4 << 20;

  @Test
  @Timeout(120)
  void aGibibytePassesBothWaysThroughASmallHeap() throws Exception {
    try (RawModel model = LargeBody.model(BYTES)) {
      Process gateway = SmallHeapGateway.start(model.url(), 64);
      try (BufferedReader said = gateway.inputReader(UTF_8)) {
        int port = Integer.parseInt(said.readLine());

        String seen =
            LargeBody.post(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port), "/model/m/", BYTES);

        LargeBody.Seen whole = LargeBody.expected(BYTES);
        assertThat(seen).isEqualTo(whole + " " + whole);
        long answered = BYTES + (whole + "\n").length();
        assertThat(said.readLine())
            .isEqualTo("complete " + BYTES + " " + KEPT + " " + answered + " " + KEPT);
        gateway.getOutputStream().close();
        assertThat(gateway.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(gateway.exitValue()).isZero();
      } finally {
        gateway.destroyForcibly();
      }
    }
  }
}
