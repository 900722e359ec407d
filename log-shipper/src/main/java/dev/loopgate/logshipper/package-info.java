/// Spool to hourly files in a directory, S3, GCS; or a Fluentd.
///
/// Called by `app`, which starts the one thread named `shipper`, asks for its status and ends it,
/// and which hands `Verification` and `Inspection` to the command line. Reads the log, renders,
/// stages, plans, publishes create-only and releases what is committed. Never sees traffic, never
/// deletes what is not confirmed, never renders anything twice under one key.
@NullMarked
package dev.loopgate.logshipper;

import org.jspecify.annotations.NullMarked;
