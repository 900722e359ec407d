package dev.loopgate.logshipper;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// What the shipper told, in order.
final class RecordedEvents implements ShipperEvents {
  final List<String> published = new ArrayList<>();
  final List<String> manifests = new ArrayList<>();
  final List<String> parked = new ArrayList<>();
  final List<String> damaged = new ArrayList<>();
  final AtomicInteger windows = new AtomicInteger(); // also waited for on another thread
  int retries;
  int taken;
  int unparked;
  long overflowed;
  long quarantined;
  long skipped;

  @Override
  public void filePublished(String key, long size, long records, boolean before) {
    published.add(key);
  }

  @Override
  public void keyTaken(String key) {
    taken++;
  }

  @Override
  public void windowCommitted(long entries, int files, long bytes) {
    windows.incrementAndGet();
  }

  @Override
  public void manifestPublished(String key) {
    manifests.add(key);
  }

  @Override
  public void retrying(String step, String message, long waitNanos) {
    retries++;
  }

  @Override
  public void parked(String message) {
    parked.add(message);
  }

  @Override
  public void unparked() {
    unparked++;
  }

  @Override
  public void partitionsOverflowed(long entries) {
    overflowed += entries;
  }

  @Override
  public void skipped(long entries) {
    skipped += entries;
  }

  @Override
  public void quarantined(long entries) {
    quarantined += entries;
  }

  @Override
  public void commitLogDamaged(String file) {
    damaged.add(file);
  }
}
