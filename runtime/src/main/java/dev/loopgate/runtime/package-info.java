/// Starting and stopping model servers: local process, Docker, Kubernetes.
///
/// Called by `app` (later by `controller`) from threads that may wait; tells what happens through
/// `RuntimeEvents` and what it learned through `fleet`. Never decides how many replicas there are,
/// never ends a process that it or an earlier life of the gateway did not start.
@NullMarked
package dev.loopgate.runtime;

import org.jspecify.annotations.NullMarked;
