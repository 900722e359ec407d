package dev.loopgate.spool;

/// A row's place in one ledger.
///
/// @param slot the deployment's slot
/// @param plane hour modulo 2
/// @param kind the number of the entry's kind
record LedgerKey(int slot, int plane, int kind) {}
