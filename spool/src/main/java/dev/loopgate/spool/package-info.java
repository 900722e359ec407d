/// Ring and write-ahead log: entries durable on local disk, many writers, a reader for each sink.
///
/// Called by `proxy`, `ext-proc` and `api` on their event loops (append, never a wait), by `app`
/// (open, start, close) and by `log-shipper` (read what is durable, release what is committed).
/// Never talks to a network and never asks a clock by itself.
@NullMarked
package dev.loopgate.spool;

import org.jspecify.annotations.NullMarked;
