/// Starting and stopping model servers: local process, Docker, Kubernetes.
@NullMarked
package dev.loopgate.runtime;

import org.jspecify.annotations.NullMarked;
