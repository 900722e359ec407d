/// JMH and whole-system load.
@NullMarked
package dev.loopgate.benchmarks;

import org.jspecify.annotations.NullMarked;
