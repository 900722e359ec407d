package dev.loopgate.app;

import dev.loopgate.spool.SpoolStatus;
import java.util.function.Supplier;

/// Whether callers should come here. Any thread.
final class Readiness {
  /// Where the process stands.
  enum Phase {
    STARTING("starting"),
    SERVING("serving"),
    STOPPING("stopping");

    private final String word;

    Phase(String word) {
      this.word = word;
    }
  }

  private final Supplier<SpoolStatus> spool;
  private final Supplier<String> configProblem;
  private volatile Phase phase = Phase.STARTING;

  /// @param configProblem why the last configuration can't be used, empty when it is
  Readiness(Supplier<SpoolStatus> spool, Supplier<String> configProblem) {
    this.spool = spool;
    this.configProblem = configProblem;
  }

  void enter(Phase next) {
    phase = next;
  }

  /// Serving, and what is captured can be kept.
  boolean isReady() {
    return phase == Phase.SERVING && !spool.get().failed();
  }

  /// The answer of `/readyz`, with the reasons where `detailed`.
  String json(boolean detailed) {
    SpoolStatus status = spool.get();
    boolean ready = phase == Phase.SERVING && !status.failed();
    String problem = configProblem.get();
    if (!detailed) {
      return "{\"ready\":" + ready + "}";
    }
    return "{\"ready\":"
        + ready
        + ",\"phase\":\""
        + phase.word
        + "\",\"spool\":\""
        + (status.failed() ? "failed" : "ok")
        + "\",\"ring_used_bytes\":"
        + status.ringBytesUsed()
        + ",\"ring_bytes\":"
        + status.ringBytes()
        + ",\"log_bytes\":"
        + status.logBytes()
        + ",\"log_bytes_max\":"
        + status.logBytesMax()
        + ",\"config\":\""
        + (problem.isEmpty() ? "ok" : "refused: " + escaped(problem))
        + "\"}";
  }

  private static String escaped(String text) {
    StringBuilder json = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else {
        json.append(c < 0x20 ? ' ' : c);
      }
    }
    return json.toString();
  }
}
