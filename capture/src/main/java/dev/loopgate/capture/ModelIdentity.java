package dev.loopgate.capture;

/// The model's own name and version, as the files carry them; never empty.
///
/// @param name the model's name, not the deployment's id (contract section 2)
/// @param version the model's version, `unknown` before it was learned
public record ModelIdentity(String name, String version) {
  public ModelIdentity {
    if (name.isEmpty() || version.isEmpty()) {
      throw new IllegalArgumentException("model identity: name=" + name + ", version=" + version);
    }
  }
}
