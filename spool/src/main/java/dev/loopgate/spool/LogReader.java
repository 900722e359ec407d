package dev.loopgate.spool;

import dev.loopgate.capture.Entry;
import java.io.IOException;
import java.util.Optional;

/// The one reader of the log. Belongs to the thread named `shipper`.
@SuppressWarnings("DoNotCallSuggester") // signatures first
final class LogReader implements SpoolReader, AutoCloseable {
  LogReader() {}

  @Override
  public LogPosition durableEnd() {
    throw new UnsupportedOperationException();
  }

  @Override
  public LogPosition start() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Optional<LogRecord> next(LogPosition from) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public Entry read(LogRecord.EntryAt entry) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public void release(LogPosition position) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public long bytesAfter(LogPosition from) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() throws IOException {
    throw new UnsupportedOperationException();
  }
}
