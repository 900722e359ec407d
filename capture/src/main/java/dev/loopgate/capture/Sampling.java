package dev.loopgate.capture;

/// Which of a model's exchanges are kept when not all are. The Request-Id alone decides, so that
/// every gateway an exchange passes decides alike. Immutable, any thread.
///
/// @param rate the part that is kept, 0.0 to 1.0; default 1.0, all. What is left out is counted
public record Sampling(double rate) {
  /// Everything is kept.
  public static final Sampling ALL = new Sampling(1.0);

  /*
   * FNV-1a over the characters and the finalizer of MurmurHash3: the ids of one gateway differ only
   * in their last characters, and FNV alone leaves too little of them in the upper bits. Never change
   * it: gateways of different versions must agree.
   */
  private static final long FNV_OFFSET = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;

  public Sampling {
    if (!(rate >= 0.0 && rate <= 1.0)) {
      throw new IllegalArgumentException("sampling: rate=" + rate + ", allowed=0.0 to 1.0");
    }
  }

  /// Whether the exchange with this id is kept. What a lower rate keeps, a higher one keeps too.
  public boolean keeps(RequestId id) {
    return rate >= 1.0 || point(id.value()) < rate;
  }

  /// A place in [0, 1), the same for an id wherever it is asked.
  static double point(String id) {
    long hash = FNV_OFFSET;
    for (int i = 0; i < id.length(); i++) {
      hash = (hash ^ id.charAt(i)) * FNV_PRIME;
    }
    hash = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL;
    hash = (hash ^ (hash >>> 33)) * 0xc4ceb9fe1a85ec53L;
    hash ^= hash >>> 33;
    return (hash >>> 11) * 0x1p-53;
  }
}
