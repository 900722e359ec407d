/// Beside the path: what Envoy saw (external processing, access log), turned into the same
/// captures.
///
/// Called by `app`, which serves [ObservationService] at a gRPC door. Each stream of Envoy's is one
/// exchange, and ends once, with an entry in the spool. Never waits or logs, locks nothing but its
/// own [Joins] and [EnvoyCounters] for a moment, and never changes what passes through Envoy; knows
/// no configuration file.
@NullMarked
package dev.loopgate.extproc;

import org.jspecify.annotations.NullMarked;
