package dev.loopgate.testkit;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// What the callers of a load asked and what they were answered, and the oracle that compares it
/// with what is found in the files. Asking may come from any thread; the oracle runs after the
/// load.
public final class LoadJournal {
  /// One thing asked: a prediction by its script, or a feedback by its payload.
  ///
  /// @param prediction whether it was one
  /// @param script of a prediction; of a feedback its request is the body
  public record Asked(boolean prediction, Script script) {}

  private static final int VIOLATIONS_TOLD = 20;

  private final Map<String, Asked> asked = new ConcurrentHashMap<>();
  private final Set<String> answered = ConcurrentHashMap.newKeySet();
  private final Map<String, Set<String>> found = new HashMap<>();
  private final List<String> violations = new ArrayList<>();
  private long truncated;
  private long linesFound;

  /// Before its first byte is written.
  public void asking(String id, Asked what) {
    if (asked.putIfAbsent(id, what) != null) {
      throw new IllegalArgumentException("id asked twice: id=" + id);
    }
  }

  /// After the byte that completes its answer was read.
  public void answered(String id) {
    answered.add(id);
  }

  /// Takes over what another load asked and was answered.
  public void takeAll(LoadJournal other) {
    other.asked.forEach(this::asking);
    answered.addAll(other.answered);
  }

  /// The ids of all that was answered.
  public Set<String> answeredIds() {
    return Set.copyOf(answered);
  }

  /// How many were asked.
  public int askedCount() {
    return asked.size();
  }

  /// How many were answered.
  public int answeredCount() {
    return answered.size();
  }

  /// Entries found: a prediction counts once.
  public long entriesFound() {
    return (long) ids("request_response").size() + ids("feedback").size();
  }

  /// Bodies found that are only the beginning of what was sent.
  public long truncatedFound() {
    return truncated;
  }

  /// Lines seen by the oracle.
  public long linesFound() {
    return linesFound;
  }

  /// Holds one line of the files against what was asked. Once for each line.
  public void check(FileLine line) {
    linesFound++;
    String id = line.requestId();
    if (!found.computeIfAbsent(line.stream(), _ -> new HashSet<>()).add(id)) {
      violate("twice: id=" + id + ", path=" + line.path());
    }
    Asked what = asked.get(id);
    if (what == null) {
      violate("invented: id=" + id + ", path=" + line.path());
      return;
    }
    if (what.prediction() == line.stream().equals("feedback")) {
      violate("stream: id=" + id + ", path=" + line.path());
      return;
    }
    switch (line.stream()) {
      case "request_response" -> body(line, "request_content", what.script().request());
      case "response_body" -> {
        Script script = what.script();
        body(
            line,
            "response_content",
            script.framing() == Framing.NONE ? Payload.NONE : script.response());
      }
      default -> feedback(line, what.script().request());
    }
  }

  /// What the oracle objects to, after all lines: the first few in words. Empty is good.
  public List<String> violations() {
    for (String id : answered) {
      Asked what = asked.get(id);
      if (what == null) {
        continue;
      }
      List<String> streams =
          what.prediction() ? List.of("request_response", "response_body") : List.of("feedback");
      for (String stream : streams) {
        if (!ids(stream).contains(id)) {
          violate("answered but not found: stream=" + stream + ", id=" + id + ", " + what);
        }
      }
    }
    for (String id : ids("request_response")) {
      if (!ids("response_body").contains(id)) {
        violate("half an entry: id=" + id);
      }
    }
    return violations.size() <= VIOLATIONS_TOLD
        ? List.copyOf(violations)
        : summary(violations.subList(0, VIOLATIONS_TOLD), violations.size());
  }

  private static List<String> summary(List<String> first, int all) {
    List<String> told = new ArrayList<>(first);
    told.add("and more: violations=" + all);
    return told;
  }

  private void body(FileLine line, String field, Payload meant) {
    byte[] bytes = line.bytes(field);
    Payload.Check check = meant.check();
    check.accept(bytes, 0, bytes.length);
    boolean cut = line.record().path("truncated").asBoolean(false);
    if (cut) {
      truncated++;
    }
    if (cut ? !check.isPrefix() : !check.isWhole()) {
      boolean wasAnswered = answered.contains(line.requestId());
      // An exchange that ended early has what came of it, but then it says so.
      violate(
          "bytes differ: field="
              + field
              + ", answered="
              + wasAnswered
              + ", length="
              + bytes.length
              + ", meant="
              + meant
              + ", line="
              + abbreviated(line));
    }
  }

  private void feedback(FileLine line, Payload meant) {
    String text = line.record().path("payload").path("json").asText();
    Payload.Check check = meant.check();
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    check.accept(bytes, 0, bytes.length);
    if (!check.isWhole()) {
      violate("feedback differs: line=" + abbreviated(line));
    }
  }

  private static String abbreviated(FileLine line) {
    String text = line.record().toString();
    return line.path() + " " + text.substring(0, Math.min(300, text.length()));
  }

  private Set<String> ids(String stream) {
    return found.getOrDefault(stream, Set.of());
  }

  private void violate(String violation) {
    violations.add(violation);
  }
}
