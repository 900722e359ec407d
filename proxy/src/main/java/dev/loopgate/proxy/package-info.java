/// In the path: relay, hold while a model wakes, copy as it passes.
///
/// Called by `app`, which opens a [Proxy] and closes it. Reads HTTP from callers, passes it on to
/// model servers as it comes, and ends every exchange once, with an entry in the spool before the
/// last byte of its answer. Never waits, locks, logs or aggregates; knows no configuration file.
@NullMarked
package dev.loopgate.proxy;

import org.jspecify.annotations.NullMarked;
