package dev.loopgate.capture;

/// What turned out to be true of a prediction, as its caller says.
///
/// @param timeMillis arrival, milliseconds since the epoch
/// @param payloadJson the `payload` object as compact JSON text without line breaks, numbers as the
///   caller wrote them
/// @param idempotencyKey the caller's key, empty when none
public record Feedback(
    RequestId requestId,
    ModelIdentity model,
    long timeMillis,
    String payloadJson,
    String idempotencyKey)
    implements Entry {}
