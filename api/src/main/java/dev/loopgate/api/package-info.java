/// The REST doors: deployments, routes, connections, feedback, catalogue, Swagger UI.
///
/// Called by `app` on event loops with whole requests; answers through the consumer it is given,
/// from the loop or from `spool-writer`. Never blocks, holds no sockets, files, clocks or threads,
/// and knows no business rules: what it takes is written down in the compatibility contract.
@NullMarked
package dev.loopgate.api;

import org.jspecify.annotations.NullMarked;
