package dev.loopgate.app;

import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// The thread named `reload`: reads the configuration again on SIGHUP and when its file changes,
/// and puts its models and routes in service, all or none. What can't be used leaves everything as
/// it is.
final class Reload implements AutoCloseable {
  /// How often the file is looked at. A change counts when two looks in a row see the same, so that
  /// a file that is still being written is not read.
  static final Duration LOOK_EVERY = Duration.ofMillis(500);

  /// What is kept in step with the configuration.
  ///
  /// @param changed is told when the fleet has changed
  record Kept(Fleet fleet, Slots slots, Probes probes, ConfigTelemetry told, Runnable changed) {}

  private final Settings started;
  private final Path file;
  private final Kept kept;
  private final ArrayBlockingQueue<Boolean> hangups;
  private final Thread thread;
  private volatile boolean closed;
  private String seen; // confined to the thread, as the next
  private String used;

  private Reload(Settings started, Path file, Kept kept, ArrayBlockingQueue<Boolean> hangups) {
    this.hangups = hangups;
    this.started = started;
    this.file = file;
    this.kept = kept;
    this.seen = stamp();
    this.used = seen;
    this.thread = Thread.ofPlatform().name("reload").daemon(true).unstarted(this::run);
  }

  /// Looks from now on.
  ///
  /// @param settings what the process started with
  /// @param hangups has one element when somebody asked
  static Reload start(
      Settings settings, Path file, Kept kept, ArrayBlockingQueue<Boolean> hangups) {
    Reload reload = new Reload(settings, file, kept, hangups);
    reload.thread.start();
    return reload;
  }

  /// Looks no more, and returns when what was begun is done.
  @Override
  public void close() {
    closed = true;
    hangups.offer(true);
    try {
      thread.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // it ends without being waited for
    }
  }

  private void run() {
    boolean begun = false;
    while (!closed) {
      try {
        if (!begun) {
          begun = true;
          if (!started.isStillSaid()) {
            reload(); // changed while the process started
          }
        }
        boolean asked = hangups.poll(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS) != null;
        if (!closed && (hasChanged() || asked)) {
          used = seen;
          reload();
        }
      } catch (InterruptedException _) {
        return; // nobody does; to end is what it would mean
      } catch (Throwable e) { // without this thread no change would ever be seen again
        kept.told().refused("a bug: " + e);
      }
    }
  }

  private boolean hasChanged() {
    String now = stamp();
    boolean settled = now.equals(seen);
    seen = now;
    return settled && !now.equals(used);
  }

  private String stamp() {
    try {
      BasicFileAttributes of = Files.readAttributes(file, BasicFileAttributes.class);
      return of.lastModifiedTime() + " " + of.size() + " " + of.fileKey();
    } catch (IOException e) {
      return e.getClass().getName(); // not there: the reading will say so
    }
  }

  private void reload() {
    try {
      Settings next = started.again();
      next.checkRoles(started); // whoever asks for no tokens goes on asking for none
      new Rooms(next, Memory.ofThisProcess()).checkCertificates();
      List<Model> models = next.models(started);
      kept.slots().take(models);
      Fleet.Change change = kept.fleet().replace(models, next.get(SettingsTable.ROUTES));
      kept.changed().run();
      kept.probes().stop(change.retired());
      kept.probes().start(change.added().stream().filter(each -> each.hosted() == null).toList());
      kept.told().used(said(change), started.otherThan(next));
    } catch (UsageException | StartException | IllegalArgumentException e) {
      kept.told().refused(String.valueOf(e.getMessage()));
    }
  }

  private String said(Fleet.Change change) {
    List<String> added = ids(change.added());
    List<String> retired = ids(change.retired());
    List<String> changed = new ArrayList<>(added);
    changed.retainAll(retired);
    added.removeAll(changed);
    retired.removeAll(changed);
    int models = kept.fleet().deployments().size();
    return "models="
        + models
        + ", routes="
        + (kept.fleet().routeCount() - models)
        + part("new", added)
        + part("changed", changed)
        + part("gone", retired);
  }

  private static String part(String what, List<String> ids) {
    return ids.isEmpty() ? "" : ", " + what + "=" + String.join(" ", ids);
  }

  private static List<String> ids(List<Deployment> deployments) {
    return deployments.stream()
        .map(deployment -> deployment.model().id())
        .collect(Collectors.toCollection(ArrayList::new));
  }
}
