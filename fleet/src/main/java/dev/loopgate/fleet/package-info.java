/// Which models there are, by which routes they are reached, where they answer, how warm they are.
///
/// Called by `proxy` for every request (any thread, no lock), by `runtime` and `app` when something
/// changes. What users declare is read, checked and written here; a `DeclaredStore` keeps it. Holds
/// no sockets, files or threads.
@NullMarked
package dev.loopgate.fleet;

import org.jspecify.annotations.NullMarked;
