package dev.loopgate.logshipper;

import dev.loopgate.logshipper.CommitRecord.PlannedFile;
import dev.loopgate.logshipper.CommitRecord.WindowPlan;
import java.io.IOException;
import java.util.OptionalLong;

/// Asks the store for one staged file after the other, and finds the key of one whose key is
/// another owner's. Belongs to the one thread named `shipper`.
final class Publishing {
  private final ObjectStore store;
  private final Staging staging;
  private final Numbering numbering;
  private final String instance;
  private boolean proven;

  Publishing(ObjectStore store, Staging staging, Numbering numbering, String spoolId) {
    this.store = store;
    this.staging = staging;
    this.numbering = numbering;
    this.instance = ShipperConfig.instanceOf(spoolId);
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

  /// Publishes a staged file as [ObjectStore#publish] does, if it still is what was planned.
  ///
  /// @throws Shipping.HaltException when it is not
  Publication publish(ObjectKey key, String name, long size, int crc32c) throws IOException {
    if (!staging.isIntact(name, size, crc32c)) {
      // Never rendered a second time: under this key there may be what the first rendering made.
      throw new Shipping.HaltException(
          "staged file: lost or altered: file=" + name + ", key=" + key);
    }
    String owner = instance + '/' + name;
    return store.publish(key, new StagedFile(staging.pathOf(name), size, crc32c, owner));
  }

  /// The next number of a file of `plan`, staged as `name`, whose key is another owner's.
  ///
  /// @param inDoubt the file may have had a later key already, see [ShippingState#keysInDoubt]
  long numberAfterTaken(WindowPlan plan, PlannedFile file, String name, boolean inDoubt)
      throws IOException {
    OptionalLong ours = inDoubt ? numberInStore(file, name) : OptionalLong.empty();
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
