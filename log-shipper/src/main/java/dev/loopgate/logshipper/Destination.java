package dev.loopgate.logshipper;

/// Where entries go: files somewhere, or a Fluentd.
public sealed interface Destination permits FilesRoot, FluentdAddress {
  /// What a destination may look like, in a few words.
  String ALLOWED = FilesRoot.ALLOWED + "; " + FluentdAddress.ALLOWED;

  /// The destination that `text` names.
  ///
  /// @throws IllegalArgumentException when it is none; the message says what is allowed
  static Destination parse(String text) {
    return FluentdAddress.isMeant(text) ? FluentdAddress.parse(text) : FilesRoot.parse(text);
  }
}
