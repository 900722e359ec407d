package dev.loopgate.app;

import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Upstream;
import dev.loopgate.runtime.ModelProbe;
import dev.loopgate.runtime.ProcessHost;
import dev.loopgate.runtime.ProcessSpec;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The wine-quality model of `examples`, run by `up` as a process of its own from this very jar.
final class SampleModel {
  /// Its deployment's id.
  static final String ID = "wine";

  /// Where callers reach it.
  static final String PREFIX = "/model/" + ID;

  /// It is up in a moment, and somebody waits for the commands to try.
  static final ModelProbe.Pace PACE =
      new ModelProbe.Pace(Duration.ofMillis(50), Duration.ofSeconds(1), Duration.ofMinutes(1));

  private static final String MAIN = "dev.loopgate.examples.WineModel";

  private SampleModel() {}

  /// The model at a port that is free now, of whose exchanges this is kept.
  static Model onFreePort(Kept kept) throws IOException {
    return atPort(ProcessHost.freePort(), kept);
  }

  /// The model at this port.
  static Model atPort(int port, Kept kept) {
    return new Model(
        ID,
        new Upstream(List.of(new Replica(URI.create("http://127.0.0.1:" + port)))),
        Predictor.ODAHU_ML_SERVER,
        PREFIX,
        null,
        null,
        kept);
  }

  /// How its server is started.
  static ProcessSpec process(Model model, Path models) {
    return new ProcessSpec(
        ID,
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx48m",
            "-XX:-CreateCoredumpOnCrash",
            "-cp",
            classPath(),
            MAIN),
        model.replica().port(),
        Map.of(),
        models.resolve(ID),
        ProcessSpec.Limits.DEFAULT);
  }

  // The child works in a directory of its own, so relative entries would lead nowhere there.
  private static String classPath() {
    List<String> entries = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      entries.add(Path.of(entry).toAbsolutePath().toString());
    }
    return String.join(File.pathSeparator, entries);
  }
}
