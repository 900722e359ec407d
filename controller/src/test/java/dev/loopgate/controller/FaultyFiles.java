package dev.loopgate.controller;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The machine's disk, which tells what was asked of it and refuses what a test says. Confined to
/// one thread.
final class FaultyFiles implements StoreFiles {
  private final StoreFiles disk = new MachineFiles();
  private final List<String> asked = new ArrayList<>();
  private @Nullable String refused;

  /// From now on nothing that begins so is done; null for everything.
  void refuse(@Nullable String what) {
    refused = what;
  }

  /// What was asked since the last call.
  List<String> asked() {
    List<String> all = List.copyOf(asked);
    asked.clear();
    return all;
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    disk.createDirectory(directory);
  }

  @Override
  public List<String> names(Path directory) throws IOException {
    return disk.names(directory);
  }

  @Override
  public boolean exists(Path path) throws IOException {
    return disk.exists(path);
  }

  @Override
  public boolean isPrivate(Path file) throws IOException {
    return disk.isPrivate(file);
  }

  @Override
  public byte[] read(Path file, int bytesMax) throws IOException {
    return disk.read(file, bytesMax);
  }

  @Override
  public void write(Path file, byte[] bytes) throws IOException {
    if (refuses("write", file)) {
      disk.write(file, Arrays.copyOf(bytes, bytes.length / 2));
      throw new IOException("No space left on device");
    }
    disk.write(file, bytes);
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    fail("rename", to);
    disk.rename(from, to);
  }

  @Override
  public void delete(Path file) throws IOException {
    fail("delete", file);
    disk.delete(file);
  }

  @Override
  public void forceDirectory(Path directory) throws IOException {
    fail("force", directory.normalize());
    disk.forceDirectory(directory);
  }

  @Override
  public Held lock(Path file) throws IOException {
    return disk.lock(file);
  }

  private void fail(String verb, Path path) throws IOException {
    if (refuses(verb, path)) {
      throw new IOException("Input/output error");
    }
  }

  private boolean refuses(String verb, Path path) {
    String what = verb + " " + path.getFileName();
    asked.add(what);
    return refused != null && what.startsWith(refused);
  }
}
