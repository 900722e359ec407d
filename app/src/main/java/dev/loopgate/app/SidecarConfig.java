package dev.loopgate.app;

import java.net.InetSocketAddress;
import java.time.Duration;

/// The door for redirected connections.
///
/// @param idle how long one may be silent whose bytes pass
record SidecarConfig(InetSocketAddress address, Duration idle) {}
