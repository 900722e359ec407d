/// A wine-quality model server that needs nothing but a JDK.
///
/// Called over HTTP, by `./loopgate up`, which starts it as a child process, and by whoever wants a
/// model to try things on. Never imports another room and is imported by none: it stands for a
/// user's own model server.
@NullMarked
package dev.loopgate.examples;

import org.jspecify.annotations.NullMarked;
