/// Envoy's configuration, served from the fleet.
///
/// Called over gRPC by the Envoys that ask for it, built and told of changes by `app`. All of it
/// runs on one thread of its own. Serves no request, asks no model, reads no file, and never
/// changes the fleet.
@NullMarked
package dev.loopgate.xds;

import org.jspecify.annotations.NullMarked;
