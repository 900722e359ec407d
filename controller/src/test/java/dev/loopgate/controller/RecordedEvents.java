package dev.loopgate.controller;

import dev.loopgate.fleet.DeploymentStatus.State;
import java.util.ArrayList;
import java.util.List;

/// What a controller told, a line each. Any thread.
final class RecordedEvents implements ControllerEvents {
  private final List<String> lines = new ArrayList<>();
  private final List<String> troubles = new ArrayList<>();

  /// What was told since this was last asked.
  synchronized List<String> lines() {
    List<String> copy = List.copyOf(lines);
    lines.clear();
    return copy;
  }

  /// What was told of bugs, and of what broke the contract of a seam, ever.
  synchronized List<String> troubles() {
    return List.copyOf(troubles);
  }

  private synchronized void trouble(String line) {
    add(line);
    troubles.add(line);
  }

  private synchronized void add(String line) {
    lines.add(line);
  }

  @Override
  public void stateChanged(String deployment, State before, State after, String detail) {
    add((deployment + ": " + before + " to " + after + " " + detail).strip());
  }

  @Override
  public void scaled(String deployment, int from, int to, ScaleReason reason) {
    add(deployment + ": " + from + " to " + to + " " + reason);
  }

  @Override
  public void modelKnown(String deployment, String revision, String name, String version) {
    add(deployment + ": is " + name + " " + version);
  }

  @Override
  public void modelUnreadable(String deployment, String problem) {
    add(deployment + ": unreadable");
  }

  @Override
  public void documentLeftOut(String deployment, int length) {
    add(deployment + ": document left out " + length);
  }

  @Override
  public void strayRemoved(String deployment) {
    add(deployment + ": stray");
  }

  @Override
  public void hostFailed(String deployment, String problem) {
    add(deployment + ": host " + problem);
  }

  @Override
  public void writeFailed(String kind, String id, String problem) {
    add(kind + " " + id + ": write " + problem);
  }

  @Override
  public void servingFailed(String problem) {
    trouble("serving: " + problem);
  }

  @Override
  public void failed(Throwable cause) {
    trouble("failed: " + cause);
  }
}
