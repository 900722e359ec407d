/// Desired against observed; how many replicas; makes it so.
///
/// Called by `app`, and through the seam `DeclaredStore` of `fleet` by whoever writes or follows
/// what is declared, from threads that may wait. Keeps it in files today; decides nothing yet.
/// Never called on an event loop, never asks a clock by itself, never shows a secret.
@NullMarked
package dev.loopgate.controller;

import org.jspecify.annotations.NullMarked;
