package dev.loopgate.fleet;

/// One thing that is wrong with what was declared.
///
/// @param pointer where, a JSON pointer into what was declared
/// @param message what, in the words of the contract
public record Violation(String pointer, String message) {}
