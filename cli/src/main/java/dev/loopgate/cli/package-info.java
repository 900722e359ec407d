/// An operator's hands: deploy, invoke, feedback, inspect, verify, datasets.
@NullMarked
package dev.loopgate.cli;

import org.jspecify.annotations.NullMarked;
