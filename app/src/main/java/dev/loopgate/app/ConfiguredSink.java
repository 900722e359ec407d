package dev.loopgate.app;

import dev.loopgate.logshipper.Destination;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A place beside the files that every entry goes to.
///
/// @param name unlike all others', and no `files`
/// @param required whether what it has not taken is kept, however much
/// @param lagBytesMax bytes of log that one that is not required may be behind; 0 when nothing was
///   said
/// @param trust certificates in PEM that a Fluentd's is issued by; null for those of the JDK
record ConfiguredSink(
    String name, Destination to, boolean required, long lagBytesMax, @Nullable Path trust) {}
