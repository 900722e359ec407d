/// In the path: relay, hold while a model wakes, copy as it passes.
@NullMarked
package dev.loopgate.proxy;

import org.jspecify.annotations.NullMarked;
