package dev.loopgate.fleet;

/// A field of a model's JSON bodies that is never kept as it is.
///
/// @param pointer a JSON pointer (RFC 6901), `*` for any key or index; `capture` reads it
/// @param dropped it goes altogether; else its value is masked
/// @param inRequest looked for in requests
/// @param inResponse looked for in responses
public record SecretField(String pointer, boolean dropped, boolean inRequest, boolean inResponse) {}
