package dev.loopgate.app;

import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.logshipper.FilesRoot;
import java.net.InetSocketAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// A gateway that serves, and what is said of it on stdout.
///
/// @param address of the door, with its true port
/// @param api where command lines find the API, if there is one
/// @param secure callers come over TLS
/// @param files where published files will lie
/// @param sidecar where redirected connections come, if they do
record Serving(
    Gateway gateway,
    Fleet fleet,
    InetSocketAddress address,
    Optional<InetSocketAddress> api,
    boolean secure,
    FilesRoot files,
    Optional<SidecarConfig> sidecar) {
  /// The first lines: the door, the models, the files.
  String greeting() {
    StringBuilder text = new StringBuilder();
    if (sidecar.isPresent()) {
      return besideServer(text, sidecar.get());
    }
    text.append("Loopgate serves at ").append(Doors.url(address, secure)).append('\n');
    List<Deployment> deployments =
        fleet.deployments().stream().sorted(Comparator.comparing(one -> one.model().id())).toList();
    for (Deployment deployment : deployments) {
      text.append("  model ").append(deployment.model().id()).append(" at ");
      text.append(Doors.url(address, secure))
          .append(deployment.model().prefix())
          .append(deployment.hosted() == null ? "/, asked at " : "/, run here");
      text.append(
              deployment.model().upstream().replicas().stream()
                  .map(replica -> replica.url().toString())
                  .collect(Collectors.joining(", ")))
          .append('\n');
    }
    if (deployments.isEmpty()) {
      text.append("  no models: only feedback is taken (models: in --config FILE)\n");
    }
    api.ifPresent(at -> text.append("  API at ").append(Doors.url(at, secure)).append("/api/v1\n"));
    return text.append("  files in ").append(files).append('\n').toString();
  }

  private String besideServer(StringBuilder text, SidecarConfig config) {
    text.append("Loopgate takes redirected connections at port ")
        .append(config.address().getPort())
        .append(" (loopgate iptables)\n");
    for (Deployment deployment : fleet.deployments()) {
      text.append("  model ").append(deployment.model().id()).append(" at port ");
      text.append(deployment.model().replica().port()).append('\n');
    }
    if (fleet.deployments().isEmpty()) {
      text.append("  no models: all bytes pass, nothing is kept (models: in --config FILE)\n");
    }
    text.append("  feedback, health and metrics at ").append(Doors.url(address, secure));
    return text.append("\n  files in ").append(files).append('\n').toString();
  }

  /// Three commands to try the sample model with, to be pasted into another terminal.
  ///
  /// @param wine its deployment
  String commands(Deployment wine) {
    String url = Doors.url(address, secure);
    return """

    Try it from another terminal:

      # 1. predict: how good is this wine?
      curl -si %s/model/wine/api/model/invoke -H 'request-id: my-first-wine' \\
        -H 'content-type: application/json' -d '{"columns": ["fixed acidity", "volatile acidity", \
    "citric acid", "residual sugar", "chlorides", "free sulfur dioxide", "total sulfur dioxide", "density", \
    "pH", "sulphates", "alcohol"], "data": [[7, 0.27, 0.36, 20.7, 0.045, 45, 170, 1.001, 3, 0.45, 8.8]]}'

      # 2. tell what became of it
      curl -si %s/feedback -H 'request-id: my-first-wine' -H 'model-name: %s' \\
        -H 'model-version: %s' -H 'content-type: application/json' -d '{"quality": 6}'

      # 3. within 6 s: the request, the answer and the feedback, as lines in files
      %s

    Ctrl-C stops it; all that was taken is in files then.
    """
        .formatted(url, url, wine.name(), wine.version(), look());
  }

  private String look() {
    return files.isRemote()
        ? "loopgate verify " + files
        : "grep -rh --include='*.json' my-first-wine '" + files + "'";
  }
}
