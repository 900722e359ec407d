/// The facts about one exchange, its limits, redaction, sampling.
///
/// Called by `proxy` and `ext-proc` on their event loops, by `api` for feedback, and by `spool` and
/// `log-shipper` for the values. Holds no sockets, files, clocks or threads: bytes and times come
/// in as arguments, values go out.
@NullMarked
package dev.loopgate.capture;

import org.jspecify.annotations.NullMarked;
