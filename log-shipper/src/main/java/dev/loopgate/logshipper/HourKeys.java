package dev.loopgate.logshipper;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What lies in a store, some hours after the others: as many as fit into a bound, and an hour at
/// least. The store is listed again for the next ones, since keys are not in the order of hours.
/// Confined to one thread.
final class HourKeys {
  /// Keys that are held at a time, about 30 MB; beyond it only as many as one hour has.
  static final int KEYS_MAX = 100_000;

  private static final Pattern FILE =
      Pattern.compile("(?:.*/)?([0-9]{10})_[0-9]+\\.json(?:\\.gz|\\.zst)?");
  private static final Pattern MANIFEST =
      Pattern.compile(
          Manifest.DIRECTORY
              + "/year=[0-9]{4}/month=[0-9]{2}/day=[0-9]{2}/([0-9]{10})\\.([^./]+)\\.(?:r[0-9]+\\.)?json");

  /// The keys of one hour.
  record Hour(List<ObjectKey> files, List<ObjectKey> manifests) {
    private Hour() {
      this(new ArrayList<>(), new ArrayList<>());
    }

    private int count() {
      return files.size() + manifests.size();
    }
  }

  /// Some hours, ascending by `YYYYMMDDHH`.
  ///
  /// @param end where the next ones begin; empty when these were the last
  record Batch(NavigableMap<String, Hour> hours, String end) {
    boolean isLast() {
      return end.isEmpty();
    }
  }

  private final ObjectStore store;
  private final int keysMax;

  HourKeys(ObjectStore store, int keysMax) {
    this.store = store;
    this.keysMax = keysMax;
  }

  /// The instances that manifests are named after.
  Set<String> instances() throws IOException {
    Set<String> instances = new TreeSet<>();
    store.walk(
        Manifest.DIRECTORY + '/',
        key -> {
          Matcher name = MANIFEST.matcher(key.path());
          if (name.matches()) {
            instances.add(name.group(2));
          }
        });
    return instances;
  }

  /// The hours from `from` on; files are listed before manifests, see [Verification].
  ///
  /// @param from empty for the first
  /// @param strangers is told keys without an hour in their name
  Batch next(String from, Consumer<ObjectKey> strangers) throws IOException {
    Collected collected = new Collected(from);
    store.walk(
        "",
        key -> {
          if (!key.path().startsWith(Manifest.DIRECTORY + '/')) {
            Matcher name = FILE.matcher(key.path());
            if (!name.matches()) {
              strangers.accept(key);
            } else if (collected.takes(name.group(1))) {
              collected.hour(name.group(1)).files().add(key);
              collected.bound();
            }
          }
        });
    store.walk(
        Manifest.DIRECTORY + '/',
        key -> {
          Matcher name = MANIFEST.matcher(key.path());
          if (!name.matches()) {
            strangers.accept(key);
          } else if (collected.takes(name.group(1))) {
            collected.hour(name.group(1)).manifests().add(key);
            collected.bound();
          }
        });
    return new Batch(collected.hours, collected.end);
  }

  private final class Collected {
    private final TreeMap<String, Hour> hours = new TreeMap<>();
    private final String from;
    private String end = "";
    private long count;

    private Collected(String from) {
      this.from = from;
    }

    private boolean takes(String hour) {
      return hour.compareTo(from) >= 0 && (end.isEmpty() || hour.compareTo(end) < 0);
    }

    private Hour hour(String hour) {
      count++;
      return hours.computeIfAbsent(hour, _ -> new Hour());
    }

    /// Lets the latest hours go until the rest fits.
    private void bound() {
      while (count > keysMax && hours.size() > 1) {
        Map.Entry<String, Hour> last = hours.pollLastEntry();
        end = last.getKey();
        count -= last.getValue().count();
      }
    }
  }
}
