/// main(): reads configuration, wires the rooms a role needs, drains in reverse.
@NullMarked
package dev.loopgate.app;

import org.jspecify.annotations.NullMarked;
