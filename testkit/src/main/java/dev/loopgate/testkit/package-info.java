/// Strict fakes and drivers shared by tests.
@NullMarked
package dev.loopgate.testkit;

import org.jspecify.annotations.NullMarked;
