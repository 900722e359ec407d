package dev.loopgate.controller;

import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.RouteSpec;
import dev.loopgate.fleet.RouteStatus;
import org.jspecify.annotations.Nullable;

/// What one file holds.
///
/// @param object what it is named after
/// @param route the default route of a deployment; null with any other
record Entry<S, T>(Declared<S, T> object, @Nullable Declared<RouteSpec, RouteStatus> route) {}
