package dev.loopgate.app;

import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import org.jspecify.annotations.Nullable;

/// A model as somebody configured it.
///
/// @param model with [Kept#BODY_BYTES_MAX] where nothing was said of its bodies
/// @param bodyBytesMax as said of this model, null when `capture.body-bytes-max` holds for it
/// @param sampleRate as said of this model, null when `capture.sample` holds for it
record ConfiguredModel(Model model, @Nullable Integer bodyBytesMax, @Nullable Double sampleRate) {
  /// The model with what was said of it, else with what holds for all of the gateway.
  Model within(int gatewayBytesMax, double gatewaySampleRate) {
    return new Model(
        model.id(),
        model.upstream(),
        model.predictor(),
        model.prefix(),
        model.name(),
        model.version(),
        new Kept(
            model.kept().captured(),
            bodyBytesMax == null ? gatewayBytesMax : bodyBytesMax,
            sampleRate == null ? gatewaySampleRate : sampleRate),
        model.bounds());
  }
}
