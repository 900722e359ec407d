package dev.loopgate.capture;

/// One header line.
///
/// @param name lower case
/// @param value as on the wire, without surrounding white space; bytes above 0x7f as ISO-8859-1
public record Header(String name, String value) {}
