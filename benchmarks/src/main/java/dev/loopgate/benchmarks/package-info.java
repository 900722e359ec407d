/// JMH and whole-system load.
///
/// Started by `./benchmarks/jmh`, by a person. Never run by the build, never imported; each class
/// states what the machine should allow, and a result far off is a finding.
@NullMarked
package dev.loopgate.benchmarks;

import org.jspecify.annotations.NullMarked;
