package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.ScriptedModel;
import java.nio.file.Path;

/// A gateway in front of a scripted model, for all tests of a class. Its end is a check of its own:
/// it stops well, and what it left balances.
final class ScriptedRun {
  private final ScriptedModel model;
  private final Rig rig;
  private final GatewayProcess gateway;

  private ScriptedRun(ScriptedModel model, Rig rig, GatewayProcess gateway) {
    this.model = model;
    this.rig = rig;
    this.gateway = gateway;
  }

  /// Starts both.
  ///
  /// @param yaml lines after those of the model `m`
  static ScriptedRun start(Path directory, String yaml, String... options) throws Exception {
    ScriptedModel model = ScriptedModel.start();
    try {
      Rig rig = Rig.infrontOf(directory, model.url(), yaml).with(options);
      return new ScriptedRun(model, rig, rig.start());
    } catch (Exception e) {
      model.close();
      throw e;
    }
  }

  ScriptedModel model() {
    return model;
  }

  Rig rig() {
    return rig;
  }

  GatewayProcess gateway() {
    return gateway;
  }

  void close() throws Exception {
    try (model) {
      assertThat(gateway.stop()).as(gateway.output()).isZero();
      GatewayProcess.Run verify = rig.verify();
      assertThat(verify.exit()).as(verify.output()).isZero();
    }
  }
}
