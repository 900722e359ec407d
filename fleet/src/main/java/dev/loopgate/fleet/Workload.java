package dev.loopgate.fleet;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What is to run for a deployment: everything that a server has to be started anew for when it
/// changes, and nothing else.
///
/// @param deployment the deployment's id
/// @param image what to run: `file:<path>.jar`, `exec:<program> <arguments>`, or an image of a
///   registry; unchecked
/// @param predictor how its server is asked whether it is ready
/// @param resources what each replica gets
/// @param annotations for its pods, in the order of their keys
/// @param nodeSelector where it may run, in the order of their keys
/// @param livenessDelay seconds before the first question whether a server still lives
/// @param readinessDelay seconds before the first question whether a server is ready
/// @param pull with what its image is pulled; null for nothing
public record Workload(
    String deployment,
    String image,
    Predictor predictor,
    Resources resources,
    Map<String, String> annotations,
    Map<String, String> nodeSelector,
    int livenessDelay,
    int readinessDelay,
    @Nullable ConnectionSpec pull) {
  /// Both delays of who declares none (contract section 4).
  public static final int DELAY_SECONDS = 2;

  private static final int REVISION_DIGITS = 12;

  public Workload {
    if (!Model.ID.matcher(deployment).matches()) {
      throw new IllegalArgumentException("ID is not valid"); // it becomes a path
    }
    annotations = Sorted.copyOf(annotations);
    nodeSelector = Sorted.copyOf(nodeSelector);
  }

  /// What is to run of `declared`, which rules have accepted.
  ///
  /// @param pull the connection that it names; null when it names none
  public static Workload of(
      Declared<DeploymentSpec, DeploymentStatus> declared, @Nullable ConnectionSpec pull) {
    DeploymentSpec spec = declared.spec();
    Resources resources = spec.resources();
    return new Workload(
        declared.id(),
        spec.image(),
        spec.asked(),
        resources == null ? Resources.DEFAULT : resources,
        spec.annotations(),
        spec.nodeSelector(),
        Objects.requireNonNullElse(spec.livenessProbeInitialDelay(), DELAY_SECONDS),
        Objects.requireNonNullElse(spec.readinessProbeInitialDelay(), DELAY_SECONDS),
        pull);
  }

  /// Which revision of the deployment this is: the same for the same, lower-case hexadecimal
  /// digits. A secret that is renewed makes no other one.
  public String revision() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      String pulledFrom = pull == null ? "" : pull.type() + " " + pull.uri();
      for (Object part :
          new Object[] {
            deployment,
            image,
            predictor,
            resources,
            annotations,
            nodeSelector,
            livenessDelay,
            readinessDelay,
            pulledFrom
          }) {
        byte[] bytes = part.toString().getBytes(StandardCharsets.UTF_8);
        digest.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
        digest.update(bytes);
      }
      return HexFormat.of().formatHex(digest.digest()).substring(0, REVISION_DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }
}
