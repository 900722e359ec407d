package dev.loopgate.logshipper;

import java.nio.file.Path;

/// A whole rendered file on local disk, forced, that waits to be published.
///
/// @param path in the store's staging directory
/// @param size bytes
/// @param crc32c of all its bytes
/// @param owner who made it, for stores that keep it beside the object: spool, window, file
public record StagedFile(Path path, long size, int crc32c, String owner) {}
