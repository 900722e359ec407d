/// Beside the path: what Envoy saw (external processing), turned into the same captures.
@NullMarked
package dev.loopgate.extproc;

import org.jspecify.annotations.NullMarked;
