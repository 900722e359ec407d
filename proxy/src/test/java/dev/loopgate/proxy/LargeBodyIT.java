package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Protocol;
import dev.loopgate.testkit.LargeBody;
import dev.loopgate.testkit.RawModel;
import java.io.BufferedReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A slow caller and a slow model, with a gateway between them whose heap holds a small part.
final class LargeBodyIT {
  private static final long BYTES = 1L << 30;
  private static final long KEPT = 4 << 20;

  private interface Posting {
    String to(InetSocketAddress door) throws Exception;
  }

  @Test
  @Timeout(120)
  void aGibibytePassesBothWaysThroughASmallHeap() throws Exception {
    try (RawModel model = LargeBody.model(BYTES)) {
      pass(model.url(), Protocol.HTTP1, door -> LargeBody.post(door, "/model/m/", BYTES));
    }
  }

  @Test
  @Timeout(120)
  void soItDoesInHttp2() throws Exception {
    try (LargeHttp2Body.Model model = new LargeHttp2Body.Model(BYTES)) {
      pass(model.url(), Protocol.H2C, door -> LargeHttp2Body.post(door, "/model/m/", BYTES));
    }
  }

  private static void pass(String model, Protocol protocol, Posting posting) throws Exception {
    Process gateway = SmallHeapGateway.start(model, protocol, 64);
    try (BufferedReader said = gateway.inputReader(UTF_8)) {
      int port = Integer.parseInt(said.readLine());

      String seen = posting.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));

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
