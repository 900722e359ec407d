/// main(): reads configuration, wires the rooms a role needs, drains in reverse.
///
/// Called by nobody but the JVM: `./loopgate` starts its `Main` with the role as first argument.
/// The only room that asks a clock, sets up the log and the metrics, and knows all others. Never
/// decides what a room can decide itself.
@NullMarked
package dev.loopgate.app;

import org.jspecify.annotations.NullMarked;
