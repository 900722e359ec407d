package dev.loopgate.app;

import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.DeploymentRules;
import dev.loopgate.fleet.DeploymentSpec;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.StoreException;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// The wine-quality model of `examples`, which `up` declares as a user would: a process of this
/// very jar. It is the user's from then on, who may change or delete it.
final class SampleModel {
  /// Its deployment's id.
  static final String ID = "wine";

  /// Where callers reach it.
  static final String PREFIX = "/model/" + ID;

  private static final String MAIN = "dev.loopgate.examples.WineModel";
  private static final List<String> FLAGS =
      List.of(
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-Xmx48m",
          "-XX:-CreateCoredumpOnCrash",
          "-cp");

  private SampleModel() {}

  /// Declares it where nothing was ever declared. One that was declared by another jar, which may
  /// be gone, is run from this one.
  static void declare(DeclaredStore store) throws StoreException {
    Optional<Declared<DeploymentSpec, DeploymentStatus>> known = store.get(Kind.DEPLOYMENT, ID);
    boolean isOurs = known.isPresent() && isOurs(known.get().spec().image());
    if (known.isEmpty() && store.events(Kind.DEPLOYMENT, 0, 1).cursor() == 0) {
      store.create(Kind.DEPLOYMENT, ID, spec());
    } else if (isOurs
        && !known.get().deletionMark()
        && !known.get().spec().image().equals(image())) {
      store.replace(
          Kind.DEPLOYMENT,
          ID,
          withImage(known.get().spec()),
          OptionalLong.of(known.get().version()));
    }
  }

  // What the user has made of it stays.
  private static DeploymentSpec withImage(DeploymentSpec known) {
    return new DeploymentSpec(
        image(),
        known.predictor(),
        known.resources(),
        known.annotations(),
        known.minReplicas(),
        known.maxReplicas(),
        known.livenessProbeInitialDelay(),
        known.readinessProbeInitialDelay(),
        known.roleName(),
        known.imagePullConnID(),
        known.nodeSelector(),
        known.serving());
  }

  /// Whether it is an image that we write, of whichever `java` and jar.
  private static boolean isOurs(String image) {
    return image.startsWith("exec:")
        && image.contains(" " + String.join(" ", FLAGS) + " ")
        && image.endsWith(" " + MAIN);
  }

  private static DeploymentSpec spec() {
    DeploymentSpec said =
        new DeploymentSpec(
            image(),
            Predictor.ODAHU_ML_SERVER.word(),
            null,
            Map.of(),
            0,
            1,
            0, // it is up in a moment, and somebody waits for the commands to try
            0,
            null,
            null,
            Map.of(),
            DeploymentSpec.Serving.NONE);
    return new DeploymentRules(DeploymentRules.Settings.DEFAULT).check(ID, said).spec();
  }

  private static String image() {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(FLAGS);
    words.add(classPath());
    StringBuilder image = new StringBuilder("exec:");
    words.forEach(word -> image.append(quoted(word)).append(' '));
    return image.append(MAIN).toString();
  }

  // As a shell reads it.
  private static String quoted(String word) {
    return word.matches("[-+A-Za-z0-9_.,:=/@%]+") ? word : "'" + word.replace("'", "'\\''") + "'";
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
