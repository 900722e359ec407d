/// A wine-quality model server that needs nothing but a JDK.
@NullMarked
package dev.loopgate.examples;

import org.jspecify.annotations.NullMarked;
