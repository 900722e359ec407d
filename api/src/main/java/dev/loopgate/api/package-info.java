/// The REST doors: deployments, routes, connections, feedback, catalogue, Swagger UI.
///
/// Called by `app` on event loops with whole requests; answers through the consumer it is given,
/// from the loop, from `spool-writer`, or from threads of its own, on which a store may block.
/// Never blocks who calls, holds no sockets, files or clocks, and knows no business rules: what is
/// declared is judged by those of `fleet`, and what is taken is written down in the compatibility
/// contract.
@NullMarked
package dev.loopgate.api;

import org.jspecify.annotations.NullMarked;
