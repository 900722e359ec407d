package dev.loopgate.controller;

import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.Gateways;
import dev.loopgate.fleet.ModelHost;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/// What everything has that one reconciler looks after.
///
/// @param seams what is declared, where it runs, who serves it
/// @param edge the start of each route's URL, without a slash at its end
/// @param pace how often and how long
/// @param nanos a clock that only goes forward
/// @param random for jitter
/// @param queue what is to be looked at
/// @param writes calls of the store
/// @param readings calls of servers
/// @param cards what models say of themselves
/// @param events what happens
record Shared(
    Controller.Seams seams,
    String edge,
    Pace pace,
    LongSupplier nanos,
    RandomGenerator random,
    WorkQueue queue,
    Calls writes,
    Calls readings,
    ModelCards cards,
    ControllerEvents events) {
  long now() {
    return nanos.getAsLong();
  }

  DeclaredStore store() {
    return seams.store();
  }

  ModelHost host() {
    return seams.host();
  }

  Gateways gateways() {
    return seams.gateways();
  }

  BackOff backOff() {
    return backOff(pace.retryMin());
  }

  BackOff backOff(Duration min) {
    return new BackOff(min, pace.retryMax(), random);
  }
}
