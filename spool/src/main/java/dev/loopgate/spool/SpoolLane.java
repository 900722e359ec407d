package dev.loopgate.spool;

import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.Prediction;

/// One thread's way into the spool, and its column of the ledger. Confined to the thread that
/// opened it (one a Netty event loop). Nothing here waits, takes a lock or wakes anybody but the
/// writer, and that only for a feedback.
///
/// Each exchange that is to be kept calls [#begun] once and then exactly one of `append`,
/// [#sampledOut] and [#dropped]. Each feedback calls only [#appendForced], which counts its
/// beginning too.
///
/// A slot is a model's place in the ledger, from [Spool#slotOf].
public interface SpoolLane {
  /// One more exchange has begun: `seen` in the ledger.
  void begun(EntryKind kind, int slot, long startMillis);

  /// Copies the prediction into the ring and counts it: accepted, accepted without its bodies, or
  /// dropped. When this returns, the prediction's buffers may be released, and after anything but a
  /// drop the entry survives SIGKILL (P1).
  Appended append(Prediction prediction, int slot);

  /// The same for what an access log says of an exchange.
  Appended append(AccessRecord access, int slot);

  /// Counts an exchange that the sampling left out.
  void sampledOut(EntryKind kind, int slot, long endMillis);

  /// Counts an exchange that is not kept for another reason than the spool's own.
  void dropped(EntryKind kind, int slot, DropReason reason, long endMillis);

  /// Copies the feedback into the ring, counts it, and has it forced at once. `listener` is told
  /// after [Appended#ACCEPTED] only, exactly once.
  Appended appendForced(Feedback feedback, int slot, ForceListener listener);
}
