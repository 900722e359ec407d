/// Desired against observed; how many replicas; makes it so.
///
/// Called by `app`, and through the seam `DeclaredStore` of `fleet` by whoever writes or follows
/// what is declared, from threads that may wait. Keeps it in files; decides on one thread what its
/// host should run and its gateways serve, and writes down what it sees. Never called on an event
/// loop, never asks a clock by itself, never starts a server itself, never shows a secret.
@NullMarked
package dev.loopgate.controller;

import org.jspecify.annotations.NullMarked;
