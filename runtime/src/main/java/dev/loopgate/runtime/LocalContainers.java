package dev.loopgate.runtime;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.loopgate.fleet.ConnectionSpec;
import dev.loopgate.fleet.DeploymentStatus.Reason;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Resources;
import dev.loopgate.fleet.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Runs servers as containers of this machine's Docker Engine: `docker:<image>`, or an image of a
/// registry by its name alone.
///
/// In the replica's directory:
///
/// ```text
/// model.log, .1, .2    what it prints, both streams
/// replica.container    what its label says, written before the container is made
/// ```
///
/// @param engine asked for everything
/// @param limits of each server
/// @param events told what becomes of logs
record LocalContainers(DockerEngine engine, ProcessSpec.Limits limits, RuntimeEvents events)
    implements ServerKind {
  /// Whose a container is: a word made for one replica, and the directory that it was made in, so
  /// that two gateways with one Engine, and copies of their data, take no container of each other.
  static final String LABEL = "dev.loopgate.token";

  private static final String TOKEN = "replica.container";
  private static final String LABELS = "dev.loopgate.";
  private static final int WORD_LENGTH = 13; // of the token, in the container's name
  private static final int LOGS_MAX = 2; // that Docker keeps for itself

  @Override
  public boolean takes(String image) {
    return ImageReference.parse(image).isPresent();
  }

  @Override
  public Start prepare(Workload workload, Consumer<Runnable> atEnding) throws ImageException {
    ImageReference image = ImageReference.parse(workload.image()).orElseThrow();
    try {
      engine.ping();
      if (!engine.hasImage(image)) {
        pull(image, workload.pull(), atEnding);
      }
    } catch (IOException e) {
      throw new ImageException(
          Reason.NO_CAPACITY, ImageException.Look.FREE, String.valueOf(e.getMessage()));
    }
    return place -> start(image, workload, place);
  }

  private void pull(
      ImageReference image, @Nullable ConnectionSpec pull, Consumer<Runnable> atEnding)
      throws ImageException, IOException {
    Optional<String> login = RegistryLogin.header(pull, image);
    String shown = "image: value=" + image;
    try {
      engine.pull(image, login.orElse(null), atEnding);
    } catch (EngineException e) {
      throw new ImageException(
          Reason.IMAGE_PULL_FAILED,
          ImageException.Look.DEAR,
          shown + " can't be pulled: " + e.getMessage() + RegistryLogin.hint(pull, image));
    }
    if (!engine.hasImage(image)) {
      throw new ImageException(
          Reason.IMAGE_PULL_FAILED,
          ImageException.Look.DEAR,
          shown + " was pulled and is not there");
    }
  }

  private ModelServer start(ImageReference image, Workload workload, Place place)
      throws IOException {
    Path file = Files.createDirectories(place.directory()).resolve(TOKEN);
    ReplicaToken token = ReplicaToken.kept(file);
    for (DockerEngine.Listed left : engine.labelled(LABEL, token.value())) {
      engine.remove(left.id()); // it has ended, or was given up while the Engine was away
    }
    String name = "loopgate-" + place.replica() + "-" + token.value().substring(0, WORD_LENGTH);
    String id = engine.create(name, container(image, workload, place, token));
    engine.start(id);
    Resources.Amounts most = workload.resources().limits();
    String memory = most == null ? "" : Objects.requireNonNullElse(most.memory(), "");
    RotatingLog log =
        RotatingLog.open(place.directory().resolve(ModelProcess.LOG), limits.logBytesMax());
    return ModelContainer.of(engine, id, workload.deployment(), memory, log, events);
  }

  @Override
  public boolean endLeft(Path directory, Duration grace, Consumer<String> ended)
      throws IOException {
    Optional<ReplicaToken> token = ReplicaToken.read(directory.resolve(TOKEN));
    if (token.isEmpty()) {
      return true;
    }
    engine.ping(); // so that one that is away is known soon
    for (DockerEngine.Listed left : engine.labelled(LABEL, token.get().value())) {
      if (left.isRunning()) {
        engine.stop(left.id(), grace);
        ended.accept("container " + left.id());
      }
      engine.remove(left.id());
    }
    return engine.labelled(LABEL, token.get().value()).isEmpty();
  }

  private ObjectNode container(
      ImageReference image, Workload workload, Place place, ReplicaToken token) {
    String port = Integer.toString(port(workload.predictor()));
    ObjectNode container = JsonNodeFactory.instance.objectNode();
    container.put("Image", image.toString());
    for (String variable :
        List.of(
            "PORT=" + port,
            "MODEL_PORT=" + port,
            "MODEL_HOST=0.0.0.0",
            "MODEL_ID=" + workload.deployment())) {
      container.withArray("Env").add(variable);
    }
    container
        .putObject("Labels")
        .put(LABEL, token.value())
        .put(LABELS + "deployment", workload.deployment())
        .put(LABELS + "replica", place.replica().toString())
        .put(LABELS + "revision", workload.revision());
    container.putObject("ExposedPorts").putObject(port + "/tcp");
    ObjectNode host = container.putObject("HostConfig");
    host.putObject("PortBindings")
        .putArray(port + "/tcp")
        .addObject()
        .put("HostIp", "127.0.0.1")
        .put("HostPort", Integer.toString(place.port()));
    host.putObject("RestartPolicy").put("Name", "no"); // its replica's thread starts it anew
    host.putArray("SecurityOpt").add("no-new-privileges");
    host.putObject("LogConfig")
        .put("Type", "json-file")
        .putObject("Config")
        .put("max-size", Long.toString(limits.logBytesMax()))
        .put("max-file", Integer.toString(LOGS_MAX));
    limit(host, workload.resources());
    return container;
  }

  private static void limit(ObjectNode host, Resources resources) {
    resources
        .memoryBytesMax()
        .ifPresent(bytes -> host.put("Memory", bytes).put("MemorySwap", bytes)); // and no swap
    resources.cpuNanosMax().ifPresent(nanos -> host.put("NanoCpus", nanos));
    resources
        .gpus()
        .ifPresent(count -> {
          ObjectNode request = host.putArray("DeviceRequests").addObject();
          request.put("Driver", "").put("Count", count);
          request.putArray("Capabilities").addArray().add("gpu");
        });
  }

  /// Where such servers listen when they are told nothing.
  private static int port(Predictor predictor) {
    return switch (predictor) {
      case ODAHU_ML_SERVER -> 5000;
      case TRITON -> 8000;
      case OPEN_INFERENCE, NONE -> 8080;
    };
  }
}
