package dev.loopgate.capture;

import java.util.Arrays;

/// Takes what the rules name out of captured bodies, before anything of them is kept (P6). Confined
/// to one event loop, which pays for it: at most [#BYTES_MAX] a body are looked at.
///
/// What can't be read for sure is not kept at all: cut short, longer than the bound, packed in an
/// encoding other than gzip and deflate, no JSON, no event stream of JSON. A body that was packed
/// is kept unpacked: what was looked at, and nothing else.
public final class BodyRedactor {
  /// The longest body under a rule, as it came and unpacked.
  public static final int BYTES_MAX = 256 << 10;

  /// The most heap that one of these holds: a body as it came and unpacked, and what the walk over
  /// it needs.
  public static final int HEAP_BYTES_MAX = 2 * BYTES_MAX + (32 << 10);

  private final Unpacking unpacking = new Unpacking(BYTES_MAX);
  private final BodyRewriter rewriter = new BodyRewriter();
  private byte[] wire = new byte[4 << 10];

  /// Redacts what is kept of `body`, or has nothing of it kept: `cut` says then why.
  ///
  /// @param whole the sender's last byte has passed
  /// @param contentEncoding of the wire, empty when none
  public void redact(BodyCapture body, BodyRules rules, boolean whole, String contentEncoding) {
    int length = body.keptLength();
    if (rules.isEmpty() || length == 0) {
      return;
    }
    if (!whole || body.cut() != null || length > BYTES_MAX) {
      body.forget(CutReason.UNPARSABLE);
      return;
    }
    if (length > wire.length) {
      wire = Arrays.copyOf(wire, Math.max(length, Math.min(BYTES_MAX, 2 * wire.length)));
    }
    body.copyTo(wire);
    boolean packed = Unpacking.isPacked(contentEncoding);
    byte[] plain = wire;
    if (packed) {
      length = unpacking.unpack(wire, length, contentEncoding);
      plain = unpacking.bytes();
    }
    if (length == Unpacking.FAILED) {
      body.forget(CutReason.UNPARSABLE);
      return;
    }
    switch (rewriter.rewrite(plain, length, rules, body.replacement(), packed)) {
      case UNCHANGED, REWRITTEN -> {
        if (packed) {
          body.decoded();
        }
      }
      case UNREADABLE -> body.forget(CutReason.UNPARSABLE);
      case NO_ROOM -> body.forget(CutReason.BUDGET);
    }
  }
}
