package dev.loopgate.proxy;

import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.Redaction;
import dev.loopgate.capture.TimeSource;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.ServerTrust;
import dev.loopgate.fleet.Upstream;
import dev.loopgate.spool.Appended;
import dev.loopgate.spool.ForceListener;
import dev.loopgate.spool.SpoolLane;
import dev.loopgate.testkit.ManualTime;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/// A process of its own with nothing but the proxy. Prints its port, then a line for each entry;
/// ends with its standard input.
final class SmallHeapGateway {
  /// Prints what it gets.
  private static final class PrintingLane implements SpoolLane {
    @Override
    public void begun(EntryKind kind, int slot, long startMillis) {}

    @Override
    public Appended append(Prediction prediction, int slot) {
      System.out.println(
          prediction.ending().word()
              + " "
              + prediction.requestBody().size()
              + " "
              + prediction.requestBody().keptLength()
              + " "
              + prediction.responseBody().size()
              + " "
              + prediction.responseBody().keptLength());
      return Appended.ACCEPTED;
    }

    @Override
    public Appended append(AccessRecord access, int slot) {
      throw new AssertionError("no access log comes to the proxy");
    }

    @Override
    public void sampledOut(EntryKind kind, int slot, long endMillis) {}

    @Override
    public void dropped(EntryKind kind, int slot, DropReason reason, long endMillis) {}

    @Override
    public Appended appendForced(Feedback feedback, int slot, ForceListener listener) {
      return Appended.CLOSED;
    }
  }

  private SmallHeapGateway() {}

  /// Starts one.
  ///
  /// @param model the URL of the model server
  /// @param protocol that it speaks
  static Process start(String model, Protocol protocol, int connectionsMax) throws IOException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                SmallHeapGateway.class.getName(),
                model,
                Integer.toString(connectionsMax),
                protocol.name()))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  public static void main(String[] args) throws Exception {
    Upstream upstream =
        new Upstream(
            List.of(new Replica(URI.create(args[0]))),
            Protocol.valueOf(args[2]),
            false,
            ServerTrust.DEFAULT);
    Model model =
        new Model(
            "m", upstream, Predictor.NONE, "/model/m", null, null, new Kept(true, 4 << 20, 1.0));
    TimeSource time = ManualTime.at("2026-11-24T10:00:00Z");
    Lanes lanes =
        new Lanes() {
          @Override
          public SpoolLane openLane() {
            return new PrintingLane();
          }

          @Override
          public int slotOf(String deployment) {
            return 0;
          }
        };
    ProxyConfig config = RealDoor.config(2, Integer.parseInt(args[1]), null);
    try (Proxy proxy =
        Proxy.listen(
            config,
            Fleet.of(List.of(model)),
            Redaction.DEFAULT,
            lanes,
            time,
            ProxyEvents.SILENT,
            List.of(),
            Transport.best())) {
      System.out.println(proxy.address().getPort());
      while (System.in.read() >= 0) {
        // Until whoever started us is gone.
      }
    }
  }
}
