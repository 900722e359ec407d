package dev.loopgate.logshipper;

import dev.loopgate.logshipper.CommitRecord.BookState;
import dev.loopgate.logshipper.CommitRecord.Carried;
import dev.loopgate.logshipper.CommitRecord.HourPart;
import dev.loopgate.logshipper.CommitRecord.ManifestPlanned;
import dev.loopgate.logshipper.CommitRecord.PlannedFile;
import dev.loopgate.logshipper.CommitRecord.WindowPlan;
import dev.loopgate.logshipper.HourBook.RowKey;
import dev.loopgate.spool.LogPosition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// How far shipping is: what the commit log's records, applied in order, come to. Confined to one
/// thread.
final class ShippingState {
  private final String spool;
  private LogPosition cursor = LogPosition.START;
  private long nextWindow;
  private final TreeMap<Long, HourBook> books = new TreeMap<>();
  private final Map<Long, Map<RowKey, Long>> reopenedOpen = new HashMap<>();
  private final Map<RowKey, Long> carried = new TreeMap<>();
  private long letGoThrough = Long.MIN_VALUE;
  private @Nullable WindowPlan plan;
  private @Nullable ManifestPlanned manifestPlan;
  private boolean keysInDoubt;
  private @Nullable LogPosition skippedTo; // behind the open plan
  private long accountedTo;
  private final Set<Integer> delivered = new TreeSet<>();

  ShippingState(String spool) {
    this.spool = spool;
  }

  String spool() {
    return spool;
  }

  /// Everything before it is committed.
  LogPosition cursor() {
    return cursor;
  }

  /// Everything before it is committed, planned or skipped.
  LogPosition end() {
    LogPosition skipped = skippedTo;
    if (skipped != null) {
      return skipped;
    }
    WindowPlan open = plan;
    return open == null ? cursor : open.to();
  }

  /// Nothing before it is read again: the log of a plan is kept until it is committed, unless what
  /// lies behind it had to be skipped.
  LogPosition needed() {
    LogPosition skipped = skippedTo;
    return skipped == null ? cursor : skipped;
  }

  /// The seq after the last one that is committed, lost, quarantined or skipped; 0 when none is.
  long accountedTo() {
    return accountedTo;
  }

  /// The files of the open plan that are delivered, see [CommitRecord.Delivered].
  Set<Integer> delivered() {
    return delivered;
  }

  long nextWindow() {
    return nextWindow;
  }

  /// The window that is planned and not committed.
  @Nullable WindowPlan plan() {
    return plan;
  }

  /// Whether files of the open plan may have had later keys than it says: a record of the commit
  /// log can't be read any more.
  boolean keysInDoubt() {
    return keysInDoubt;
  }

  /// Something was read that is no record, behind the plan if one is open.
  void doubtKeys() {
    keysInDoubt = plan != null;
  }

  /// The manifest that is planned and has not ended.
  @Nullable ManifestPlanned manifestPlan() {
    return manifestPlan;
  }

  /// Hours that are still kept in mind, in ascending order.
  Collection<HourBook> books() {
    return books.values();
  }

  @Nullable HourBook book(long hour) {
    return books.get(hour);
  }

  /// Files of the hour that are kept in mind.
  int filesOf(long hour) {
    HourBook book = books.get(hour);
    return book == null ? 0 : book.files().size();
  }

  /// The latest hour that was ever let go.
  long letGoThrough() {
    return letGoThrough;
  }

  /// Whether the hour was kept in mind once and may have revisions in the store.
  boolean wasLetGo(long hour) {
    return hour <= letGoThrough && !books.containsKey(hour);
  }

  /// What was open when the hour began, by row.
  Map<RowKey, Long> openBefore(long hour) {
    Map<RowKey, Long> reopened = reopenedOpen.get(hour);
    if (reopened != null) {
      return reopened;
    }
    Map<RowKey, Long> open = new TreeMap<>(carried);
    for (HourBook book : books.headMap(hour).values()) {
      book.net().forEach((key, net) -> open.merge(key, net, Long::sum));
    }
    return open;
  }

  /// The manifest of an hour that is kept in mind.
  Manifest manifest(HourBook book, int revision) {
    return book.manifest(spool, revision, openBefore(book.hour()));
  }

  void apply(CommitRecord record) {
    switch (record) {
      case CommitRecord.Snapshot snapshot -> restore(snapshot);
      case CommitRecord.Planned planned -> {
        // A record of the commit in between can only be missing if it rotted: this one proves it.
        commitOpenPlan();
        delivered.clear();
        plan = planned.plan();
        nextWindow = Math.max(nextWindow, planned.plan().window() + 1);
      }
      case CommitRecord.Renumbered renumbered -> {
        WindowPlan open = plan;
        if (open != null && open.window() == renumbered.window()) {
          plan = open.withN(renumbered.number(), renumbered.n());
        }
      }
      case CommitRecord.Committed committed -> {
        commitOpenPlan();
        cursor = later(cursor, committed.cursor());
        nextWindow = Math.max(nextWindow, committed.window() + 1);
      }
      case CommitRecord.Skipped skipped -> skip(skipped);
      case CommitRecord.Delivered file -> {
        WindowPlan open = plan;
        if (open != null && open.window() == file.window()) {
          delivered.add(file.number());
        }
      }
      case CommitRecord.ManifestPlanned planned -> manifestPlan = planned;
      case CommitRecord.ManifestEnded ended -> {
        manifestPlan = null;
        HourBook book = books.computeIfAbsent(ended.hour(), HourBook::new);
        if (ended.taken()) {
          book.taken(ended.revision());
        } else {
          book.published(ended.revision());
        }
      }
    }
  }

  private void skip(CommitRecord.Skipped skipped) {
    skipped.reopened().forEach(this::reopen);
    skipped.parts().forEach(this::add);
    if (plan == null) {
      cursor = skipped.to();
    } else {
      skippedTo = skipped.to();
    }
  }

  private static LogPosition later(LogPosition one, LogPosition other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  private void commitOpenPlan() {
    WindowPlan open = plan;
    if (open == null) {
      return;
    }
    for (HourPart part : open.reopened()) {
      reopen(part);
    }
    open.parts().forEach(this::add);
    for (PlannedFile file : open.files()) {
      HourBook book = books.computeIfAbsent(file.hour(), HourBook::new);
      if (delivered.contains(file.number())) {
        book.addDelivered(file.stream(), file.records()); // there is nothing to be looked for
      } else {
        book.addFile(file.entry(), file.stream());
      }
      book.markDirty();
    }
    cursor = end();
    plan = null;
    skippedTo = null;
    delivered.clear();
    keysInDoubt = false;
  }

  private void add(HourPart part) {
    long hour = part.hour();
    HourBook book = books.get(hour);
    if (book == null) {
      book = new HourBook(hour);
      for (HourBook later : books.tailMap(hour, false).values()) {
        Map<RowKey, Long> open = reopenedOpen.get(later.hour());
        if (open != null) { // nothing is known in between: it begins as that one does
          reopenedOpen.put(hour, new TreeMap<>(open));
          break;
        }
      }
      books.put(hour, book);
    }
    book.add(part.part());
    book.markDirty();
    accountedTo = Math.max(accountedTo, book.nextSeq());
    Map<RowKey, Long> net = new TreeMap<>();
    part.part()
        .ledger()
        .forEach(row -> net.merge(new RowKey(row.kind(), row.deployment()), row.net(), Long::sum));
    net.values().removeIf(change -> change == 0);
    if (!net.isEmpty()) { // later hours begin with more or less than they say
      for (HourBook later : books.tailMap(hour, false).values()) {
        later.markDirty();
        Map<RowKey, Long> open = reopenedOpen.get(later.hour());
        if (open != null) {
          net.forEach((key, change) -> open.merge(key, change, Long::sum));
        }
      }
    }
  }

  private void reopen(HourPart part) {
    if (books.containsKey(part.hour())) {
      return; // by what was skipped behind this plan
    }
    HourBook book = new HourBook(part.hour());
    book.add(part.part());
    book.published(part.part().revision());
    books.put(part.hour(), book);
    reopenedOpen.put(part.hour(), openOf(part.part()));
    book.net().forEach((key, net) -> carried.merge(key, -net, Long::sum));
  }

  private static Map<RowKey, Long> openOf(Manifest manifest) {
    Map<RowKey, Long> open = new TreeMap<>();
    for (Manifest.LedgerEntry entry : manifest.ledger()) {
      open.put(new RowKey(entry.kind(), entry.deployment()), entry.openBefore());
    }
    return open;
  }

  /// Lets go of hours before `hour` whose manifest says all; what they left open is carried. Takes
  /// effect on disk with the next snapshot.
  void letGoBefore(long hour) {
    while (!books.isEmpty()
        && books.firstKey() < hour
        && !books.firstEntry().getValue().isDirty()) {
      HourBook book = books.pollFirstEntry().getValue();
      book.net().forEach((key, net) -> carried.merge(key, net, Long::sum));
      reopenedOpen.remove(book.hour());
      letGoThrough = Math.max(letGoThrough, book.hour());
    }
    carried.values().removeIf(open -> open == 0);
  }

  CommitRecord.Snapshot snapshot() {
    List<BookState> states = new ArrayList<>(books.size());
    for (HourBook book : books.values()) {
      states.add(
          new BookState(
              book.hour(),
              manifest(book, book.revision()),
              book.isDirty(),
              reopenedOpen.containsKey(book.hour())));
    }
    List<Carried> carriedRows = new ArrayList<>(carried.size());
    carried.forEach(
        (key, open) -> carriedRows.add(new Carried(key.kind(), key.deployment(), open)));
    return new CommitRecord.Snapshot(
        spool,
        cursor,
        nextWindow,
        states,
        carriedRows,
        letGoThrough,
        plan,
        manifestPlan,
        keysInDoubt,
        skippedTo,
        List.copyOf(delivered),
        accountedTo);
  }

  private void restore(CommitRecord.Snapshot snapshot) {
    cursor = snapshot.cursor();
    nextWindow = snapshot.nextWindow();
    books.clear();
    reopenedOpen.clear();
    for (BookState state : snapshot.books()) {
      HourBook book = new HourBook(state.hour());
      book.add(state.content());
      book.published(state.content().revision());
      if (state.dirty()) {
        book.markDirty();
      }
      books.put(state.hour(), book);
      if (state.reopened()) {
        reopenedOpen.put(state.hour(), openOf(state.content()));
      }
    }
    carried.clear();
    snapshot
        .carried()
        .forEach(row -> carried.put(new RowKey(row.kind(), row.deployment()), row.open()));
    letGoThrough = snapshot.letGoThrough();
    plan = snapshot.plan();
    manifestPlan = snapshot.manifestPlan();
    keysInDoubt = Boolean.TRUE.equals(snapshot.keysInDoubt());
    skippedTo = snapshot.skippedTo();
    delivered.clear();
    delivered.addAll(snapshot.delivered());
    Long accounted = snapshot.accountedTo();
    accountedTo = accounted == null ? 0 : accounted;
    books.values().forEach(book -> accountedTo = Math.max(accountedTo, book.nextSeq()));
  }
}
