/// Starting and stopping model servers: local process, Docker, Kubernetes.
///
/// Called by `app` (later by `controller`) through `fleet`'s `ModelHost` and `ModelReader`; tells
/// what happens through `RuntimeEvents`. Never decides how many replicas there are, never ends a
/// process or a container that it or an earlier life of the gateway did not start.
@NullMarked
package dev.loopgate.runtime;

import org.jspecify.annotations.NullMarked;
