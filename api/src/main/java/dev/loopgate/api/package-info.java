/// The REST doors: deployments, routes, connections, feedback, catalogue, Swagger UI.
@NullMarked
package dev.loopgate.api;

import org.jspecify.annotations.NullMarked;
