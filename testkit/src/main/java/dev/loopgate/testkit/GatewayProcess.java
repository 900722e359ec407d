package dev.loopgate.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The product as its user runs it: the jar in a process of its own, seen through its output, its
/// door and signals. Any thread.
public final class GatewayProcess implements AutoCloseable {
  private static final Duration START_MAX = Duration.ofSeconds(60);
  private static final Duration STOP_MAX = Duration.ofSeconds(60);
  private static final int LINES_KEPT = 400;
  private static final Pattern ADDRESS = Pattern.compile("listening at https?://[^ ]+:(\\d+)");
  private static final List<String> FLAGS =
      List.of("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow");

  /// How to start it.
  ///
  /// @param jar the built product
  /// @param jvmFlags beside those it always needs
  /// @param arguments role and options
  public record Launch(Path jar, List<String> jvmFlags, List<String> arguments) {
    public Launch {
      jvmFlags = List.copyOf(jvmFlags);
      arguments = List.copyOf(arguments);
    }

    /// The same with more flags of the JVM.
    public Launch withFlags(String... more) {
      List<String> flags = new ArrayList<>(jvmFlags);
      flags.addAll(List.of(more));
      return new Launch(jar, flags, arguments);
    }
  }

  /// What a run that ended by itself left.
  ///
  /// @param exit its code
  /// @param output stdout and stderr
  public record Run(int exit, String output) {}

  private final Process process;
  private final CompletableFuture<InetSocketAddress> address = new CompletableFuture<>();
  private final Deque<String> lines = new ArrayDeque<>();

  private GatewayProcess(Process process) {
    this.process = process;
  }

  /// Starts it and waits until it tells its address.
  ///
  /// @throws IOException when it ends or is silent instead; with its last lines
  public static GatewayProcess start(Launch launch) throws IOException, InterruptedException {
    Process process = builder(launch).start();
    GatewayProcess gateway = new GatewayProcess(process);
    Thread.ofVirtual().name("gateway-output").start(gateway::readOutput);
    try {
      gateway.address.get(START_MAX.toMillis(), TimeUnit.MILLISECONDS);
      return gateway;
    } catch (ExecutionException | TimeoutException e) {
      gateway.kill();
      throw new IOException("gateway did not start: " + gateway.output(), e);
    }
  }

  /// Runs a verb that ends by itself, such as `verify`.
  public static Run run(Launch launch) throws IOException, InterruptedException {
    Process process = builder(launch).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(START_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly();
      throw new IOException("did not end: arguments=" + launch.arguments() + "\n" + output);
    }
    return new Run(process.exitValue(), output);
  }

  private static ProcessBuilder builder(Launch launch) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(FLAGS);
    command.addAll(launch.jvmFlags());
    command.add("-jar");
    command.add(launch.jar().toString());
    command.addAll(launch.arguments());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("LOOPGATE_"));
    return builder;
  }

  /// Where its door is.
  public InetSocketAddress address() {
    return address.join();
  }

  /// Its number.
  public long pid() {
    return process.pid();
  }

  /// Whether it runs.
  public boolean isAlive() {
    return process.isAlive();
  }

  /// SIGKILL, at once; returns when it is gone.
  public void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  /// SIGTERM, and its exit code.
  ///
  /// @throws IOException when it does not end within a minute
  public int stop() throws IOException, InterruptedException {
    process.destroy();
    if (!process.waitFor(STOP_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new IOException("gateway did not stop: " + output());
    }
    return process.exitValue();
  }

  /// Its last lines.
  public String output() {
    synchronized (lines) {
      return String.join("\n", lines);
    }
  }

  /// A connection to its door.
  public Caller call() throws IOException {
    return Caller.connect(address());
  }

  /// What `GET` of this target answers, on a connection of its own.
  public Answer get(String target) throws IOException {
    try (Caller caller = call()) {
      caller.send("GET", target, Map.of("connection", "close"), Framing.NONE, Payload.NONE);
      return caller.receive("GET");
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  private void readOutput() {
    try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        keep(line);
        Matcher matcher = ADDRESS.matcher(line);
        if (matcher.find()) {
          address.complete(
              new InetSocketAddress(
                  InetAddress.getLoopbackAddress(), Integer.parseInt(matcher.group(1))));
        }
      }
      address.completeExceptionally(new IOException("its output ended"));
    } catch (IOException e) {
      address.completeExceptionally(e);
    }
  }

  private void keep(String line) {
    synchronized (lines) {
      lines.addLast(line);
      if (lines.size() > LINES_KEPT) {
        lines.removeFirst();
      }
    }
  }
}
