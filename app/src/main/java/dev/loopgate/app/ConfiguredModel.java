package dev.loopgate.app;

import dev.loopgate.fleet.KeepRules;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A model as somebody configured it.
///
/// @param model with [Kept#BODY_BYTES_MAX] where nothing was said of its bodies
/// @param bodyBytesMax as said of this model, null when `capture.body-bytes-max` holds for it
/// @param sampleRate as said of this model, null when `capture.sample` holds for it
/// @param always which exchanges are kept whatever the rate
/// @param secret fields of its bodies that are never kept, beside those of `redact.body`
record ConfiguredModel(
    Model model,
    @Nullable Integer bodyBytesMax,
    @Nullable Double sampleRate,
    KeepRules always,
    List<RedactedField> secret) {
  ConfiguredModel {
    secret = List.copyOf(secret);
  }

  /// The model with what was said of it, else with what holds for all of the gateway; with the
  /// secret fields of both.
  Model within(int gatewayBytesMax, double gatewaySampleRate, List<RedactedField> gatewaySecret) {
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
            sampleRate == null ? gatewaySampleRate : sampleRate,
            always,
            Stream.concat(gatewaySecret.stream(), secret.stream())
                .map(RedactedField::ofModel)
                .toList()),
        model.bounds());
  }
}
