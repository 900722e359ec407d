package dev.loopgate.logshipper;

import dev.loopgate.logshipper.CommitRecord.HourPart;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import org.jspecify.annotations.Nullable;

/// Hours that are kept in mind no more: what was published of them is read again when something
/// comes late. Belongs to the thread of its sink.
final class LetGoHours {
  // Beyond so many hours after a change that came late, manifests say what was known before it.
  private static final long HOURS_REOPENED_MAX = 48;

  private final ObjectStore store;
  private final ShippingState state;

  LetGoHours(ObjectStore store, ShippingState state) {
    this.store = store;
    this.state = state;
  }

  /// The manifests of hours that were let go and that this window touches, and of those after them:
  /// what they say of their beginning may change.
  List<HourPart> touchedBy(Window window) throws IOException {
    NavigableSet<Long> hours = window.hours();
    if (hours.isEmpty()) {
      return List.of();
    }
    long last = Math.min(state.letGoThrough(), hours.getFirst() + HOURS_REOPENED_MAX);
    for (long hour = hours.getFirst(); hour <= last; hour++) {
      hours.add(hour);
    }
    List<HourPart> reopened = new ArrayList<>();
    for (long hour : hours) {
      if (state.wasLetGo(hour)) {
        Manifest manifest = latestManifest(hour);
        if (manifest != null) {
          reopened.add(new HourPart(hour, manifest));
        }
      }
    }
    return reopened;
  }

  private @Nullable Manifest latestManifest(long hour) throws IOException {
    String instance = ShipperConfig.instanceOf(state.spool());
    ObjectKey latest = null;
    int revision = 0;
    for (ObjectKey key : store.list(Manifest.prefix(instance, hour))) {
      if (Manifest.revisionOf(key, instance, hour) > revision) {
        revision = Manifest.revisionOf(key, instance, hour);
        latest = key;
      }
    }
    if (latest == null) {
      return null;
    }
    try (InputStream in = store.open(latest)) {
      Manifest manifest = Json.read(in.readAllBytes(), Manifest.class);
      return manifest.spool().equals(state.spool()) ? manifest : null;
    }
  }
}
