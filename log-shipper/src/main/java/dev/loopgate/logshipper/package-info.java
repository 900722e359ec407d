/// Spool to hourly files in a directory, S3, GCS; or a Fluentd.
@NullMarked
package dev.loopgate.logshipper;

import org.jspecify.annotations.NullMarked;
