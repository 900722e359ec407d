/// An operator's hands: deploy, invoke, feedback, inspect, verify, datasets.
///
/// Called by `app` with what the user typed; it finds the verb and hands it to whoever `app` gave
/// for it, or asks over HTTP what serves elsewhere ([ClientWord]). Never serves, never reads the
/// environment, never decides what a setting of a gateway means.
@NullMarked
package dev.loopgate.cli;

import org.jspecify.annotations.NullMarked;
