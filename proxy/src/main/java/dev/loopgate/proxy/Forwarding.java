package dev.loopgate.proxy;

/// In which headers models are told of the caller, and in which the proxies in front tell us.
public enum Forwarding {
  /// `x-forwarded-for`, `-proto` and `-host`.
  X_FORWARDED,
  /// `forwarded` (RFC 7239).
  FORWARDED,
  /// Told in `x-forwarded-*`, passed on in both.
  BOTH,
  /// Nothing is added; what is believed of `x-forwarded-*` is passed on.
  NONE
}
