package dev.loopgate.controller;

import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.testkit.MemoryDeclaredStore;

/// The fake that other rooms test with does what the real one does.
final class MemoryDeclaredStoreTest implements DeclaredStoreContract {
  private final ManualClock clock = new ManualClock();
  private final DeclaredStore store = new MemoryDeclaredStore(clock);

  @Override
  public DeclaredStore store() {
    return store;
  }

  @Override
  public ManualClock clock() {
    return clock;
  }
}
