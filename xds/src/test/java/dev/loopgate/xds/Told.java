package dev.loopgate.xds;

import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/// What was told, one line each. Any thread.
final class Told implements XdsEvents {
  private final ConcurrentLinkedQueue<String> lines = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();

  @Override
  public void opened() {
    lines.add("opened");
  }

  @Override
  public void closed() {
    lines.add("closed");
  }

  @Override
  public void refused(RefusedReason reason, String line) {
    lines.add("refused " + reason.word());
  }

  @Override
  public void published(int clusters, int routes) {
    lines.add("published");
  }

  @Override
  public void unpublished(String reason) {
    lines.add("unpublished " + reason);
  }

  @Override
  public void sent(XdsType type) {
    lines.add("sent " + type.word());
  }

  @Override
  public void acked(XdsType type) {
    lines.add("acked " + type.word());
  }

  @Override
  public void nacked(XdsType type, String version, String node, String reason) {
    lines.add("nacked " + type.word() + " " + node + " " + reason);
  }

  @Override
  public void failed(Throwable cause) {
    failures.add(cause);
  }

  long count(String word) {
    return lines(word).size();
  }

  List<String> lines(String word) {
    return lines.stream().filter(line -> line.split(" ", 2)[0].equals(word)).toList();
  }

  List<String> lines() {
    return List.copyOf(lines);
  }

  List<Throwable> failures() {
    return List.copyOf(failures);
  }

  void clear() {
    lines.clear();
  }
}
