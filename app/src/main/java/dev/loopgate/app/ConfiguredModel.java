package dev.loopgate.app;

import dev.loopgate.fleet.Model;
import org.jspecify.annotations.Nullable;

/// A model as somebody configured it.
///
/// @param model with [Model#BODY_BYTES_MAX] where nothing was said of its bodies
/// @param bodyBytesMax as said of this model, null when `capture.body-bytes-max` holds for it
record ConfiguredModel(Model model, @Nullable Integer bodyBytesMax) {
  /// The model with its own limit, else with the gateway's.
  Model withLimit(int gatewayBytesMax) {
    return new Model(
        model.id(),
        model.url(),
        model.predictor(),
        model.prefix(),
        model.name(),
        model.version(),
        model.captured(),
        bodyBytesMax == null ? gatewayBytesMax : bodyBytesMax);
  }
}
