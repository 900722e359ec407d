package dev.loopgate.logshipper;

import dev.loopgate.logshipper.CommitRecord.PlannedFile;
import dev.loopgate.logshipper.CommitRecord.WindowPlan;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// Asks the store for staged files, and finds the key of one whose key is another owner's. Belongs
/// to the one thread named `shipper`.
final class Publishing {
  /// What is to be forced now, and why not all that was asked for is in the store.
  ///
  /// @param moved whether something of it is
  record Progress(List<CommitRecord> records, boolean moved, @Nullable IOException failure) {
    /// @throws StoreRefusedException when a person must act and nothing else can be published
    /// @throws IOException of any other failure
    void throwFailure() throws IOException {
      if (failure != null) {
        // Others go on: the sink is parked when only those are left that are refused.
        throw moved ? new IOException(failure.getMessage(), failure) : failure;
      }
    }
  }

  private final ObjectStore store;
  private final ShipperEvents events;
  private final Staging staging;
  private final Numbering numbering;
  private final ShippedCounts counts;
  private final String instance;
  // Places of the open plan's files that are not known to be in the store, in their turn.
  private @Nullable ArrayDeque<Integer> waiting;
  private boolean proven;

  Publishing(
      LogShipper.Surroundings around, Staging staging, Numbering numbering, ShippedCounts counts) {
    this.store = around.store();
    this.events = around.events();
    this.staging = staging;
    this.numbering = numbering;
    this.counts = counts;
    this.instance = ShipperConfig.instanceOf(around.spoolId());
  }

  /// Asks the store once whether files can be published there, when nothing else is to be done: a
  /// person who must act hears of it before the first window. Answers 0 when that is known.
  int prove() throws IOException {
    if (proven) {
      return 0;
    }
    store.prove();
    proven = true;
    return 1;
  }

  /// Another plan is open now.
  void planned() {
    waiting = null;
  }

  /// Publishes the next files of the open plan, as many at once as the store takes, or commits it.
  ///
  /// @throws Shipping.HaltException when a file is not what was planned; none is published then
  Progress publish(WindowPlan plan, ShippingState state) throws IOException {
    ArrayDeque<Integer> turn = waiting(plan, state);
    List<Integer> places = turn.stream().limit(store.uploadsMax()).toList();
    if (places.isEmpty()) {
      return new Progress(
          List.of(new CommitRecord.Committed(plan.window(), plan.to())), true, null);
    }
    prove(); // before files are read that may be large
    List<PlannedFile> next = places.stream().map(place -> plan.files().get(place)).toList();
    List<Upload> uploads = new ArrayList<>();
    for (PlannedFile file : next) {
      uploads.add(upload(file.key(), nameOf(plan, file), file.size(), file.crc32c()));
    }
    List<Upload.Outcome> outcomes = store.publishAll(uploads);
    places.forEach(_ -> turn.removeFirst());
    return judge(plan, places, outcomes, state.keysInDoubt(), turn);
  }

  private ArrayDeque<Integer> waiting(WindowPlan plan, ShippingState state) {
    ArrayDeque<Integer> turn = waiting;
    if (turn == null) {
      turn = new ArrayDeque<>(plan.files().size());
      for (int place = 0; place < plan.files().size(); place++) {
        if (!state.delivered().contains(plan.files().get(place).number())) {
          turn.add(place);
        }
      }
      waiting = turn;
    }
    return turn;
  }

  /// @param places those that were asked for
  /// @param turn the others; those to ask for again are added, after all others when they failed
  private Progress judge(
      WindowPlan plan,
      List<Integer> places,
      List<Upload.Outcome> outcomes,
      boolean inDoubt,
      ArrayDeque<Integer> turn) {
    List<CommitRecord> records = new ArrayList<>();
    WindowPlan numbered = plan; // with the numbers that are given here
    IOException failure = null;
    boolean moved = false;
    for (int i = 0; i < places.size(); i++) {
      PlannedFile file = plan.files().get(places.get(i));
      try {
        switch (outcomes.get(i)) {
          case Upload.Known(Publication publication) when publication == Publication.TAKEN -> {
            events.keyTaken(file.key().path());
            long n = numberAfterTaken(numbered, file, inDoubt);
            numbered = numbered.withN(file.number(), n);
            records.add(new CommitRecord.Renumbered(plan.window(), file.number(), n));
            turn.addFirst(places.get(i));
          }
          case Upload.Known(Publication publication) -> {
            if (!store.isReadable()) {
              // Such a store takes one at a time: what is not forced of several would be forgotten.
              records.add(new CommitRecord.Delivered(plan.window(), file.number()));
            }
            published(file, publication);
            moved = true;
          }
          case Upload.Unknown(IOException reason) -> throw reason;
        }
      } catch (IOException e) {
        turn.addLast(places.get(i));
        failure = worse(failure, e);
      }
    }
    return new Progress(records, moved || !records.isEmpty(), failure);
  }

  /// The one to tell of two: that a person must act is known only from a refusal.
  private static IOException worse(@Nullable IOException before, IOException next) {
    return before == null
            || (next instanceof StoreRefusedException && !(before instanceof StoreRefusedException))
        ? next
        : before;
  }

  private void published(PlannedFile file, Publication publication) {
    counts.filePublished();
    events.filePublished(
        file.key().path(),
        file.size(),
        file.records(),
        publication == Publication.PUBLISHED_BEFORE);
  }

  /// Publishes a staged file as [ObjectStore#publish] does, if it still is what was planned.
  ///
  /// @throws Shipping.HaltException when it is not
  Publication publish(ObjectKey key, String name, long size, int crc32c) throws IOException {
    Upload upload = upload(key, name, size, crc32c);
    return store.publish(upload.key(), upload.file());
  }

  private Upload upload(ObjectKey key, String name, long size, int crc32c) throws IOException {
    if (!staging.isIntact(name, size, crc32c)) {
      // Never rendered a second time: under this key there may be what the first rendering made.
      throw new Shipping.HaltException(
          "staged file: lost or altered: file=" + name + ", key=" + key);
    }
    String owner = instance + '/' + name;
    return new Upload(key, new StagedFile(staging.pathOf(name), size, crc32c, owner));
  }

  private static String nameOf(WindowPlan plan, PlannedFile file) {
    return Staging.nameOf(plan.window(), file.number());
  }

  /// The next number of a file of `plan` whose key is another owner's.
  ///
  /// @param inDoubt the file may have had a later key already, see [ShippingState#keysInDoubt]
  private long numberAfterTaken(WindowPlan plan, PlannedFile file, boolean inDoubt)
      throws IOException {
    OptionalLong ours = inDoubt ? numberInStore(file, nameOf(plan, file)) : OptionalLong.empty();
    if (ours.isPresent()) {
      return ours.getAsLong();
    }
    long plannedMax = -1;
    for (PlannedFile other : plan.files()) {
      // Numbers of a plan that was made when files were named otherwise don't count.
      if (other.partition().equals(file.partition()) && numbering.gives(other.n())) {
        plannedMax = Math.max(plannedMax, other.n());
      }
    }
    return numbering.afterTaken(file.partition(), plannedMax);
  }

  /// The number under which the file is in the store already. Each object of the partition-hour is
  /// asked for as if it were ours: what exists is never replaced, and only ours is recognised.
  private OptionalLong numberInStore(PlannedFile file, String name) throws IOException {
    for (ObjectKey key : store.list(file.partition().prefix())) {
      OptionalLong n = file.partition().numberOf(key);
      if (n.isPresent()
          && n.getAsLong() != file.n()
          && key.equals(file.withN(n.getAsLong()).key())
          && publish(key, name, file.size(), file.crc32c()) != Publication.TAKEN) {
        return n;
      }
    }
    return OptionalLong.empty();
  }
}
