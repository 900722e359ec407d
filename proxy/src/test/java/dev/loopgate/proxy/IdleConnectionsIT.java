package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.testkit.RawModel;
import java.io.BufferedReader;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Ten thousand callers who have asked once and keep their connections, at a heap of 64 MiB.
final class IdleConnectionsIT {
  private static final int CALLERS = 10_000;
  private static final int FILES_OF_OURS = 500;
  private static final long RESIDENT_KIB_MAX = 400 << 10;

  @Test
  @Timeout(120)
  void costLittleAndDoNotKeepOthersOut() throws Exception {
    UnixOperatingSystemMXBean system =
        (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    int callers = (int) Math.min(CALLERS, system.getMaxFileDescriptorCount() - FILES_OF_OURS);
    assertThat(callers).as("files this machine allows").isGreaterThan(1000);
    List<Socket> idle = new ArrayList<>();
    try (RawModel model = RawModel.echo()) {
      Process gateway = SmallHeapGateway.start(model.url(), Protocol.HTTP1, callers + 1);
      try (BufferedReader said = gateway.inputReader(UTF_8)) {
        InetSocketAddress address =
            new InetSocketAddress(
                InetAddress.getLoopbackAddress(), Integer.parseInt(said.readLine()));
        for (int i = 0; i < callers; i++) {
          Socket caller = new Socket(address.getAddress(), address.getPort());
          idle.add(caller);
          caller.setSoTimeout(20_000);
          caller.getOutputStream().write("GET /nobody HTTP/1.1\r\nHost: d\r\n\r\n".getBytes(UTF_8));
          byte[] begin = caller.getInputStream().readNBytes(13);
          assertThat(new String(begin, UTF_8)).isEqualTo("HTTP/1.1 404 ");
        }
        try (RawCaller another = new RawCaller(address)) {
          another.send("POST /model/m/ HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\nhi");
          assertThat(another.readThrough("\r\n\r\nhi")).startsWith("HTTP/1.1 200 ");
        }
        assertThat(said.readLine()).isEqualTo("complete 2 2 2 2");
        assertThat(residentKib(gateway)).as("KiB resident").isLessThan(RESIDENT_KIB_MAX);
      } finally {
        for (Socket caller : idle) {
          caller.close();
        }
        gateway.destroyForcibly();
      }
    }
  }

  private static long residentKib(Process process) throws Exception {
    for (String line :
        Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new AssertionError("no VmRSS");
  }
}
