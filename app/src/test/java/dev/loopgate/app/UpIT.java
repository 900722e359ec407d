package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.GatewayProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `loopgate up` as a person tries it, with nothing but what it prints.
final class UpIT {
  private static final Duration FILES_WITHIN = Duration.ofSeconds(6);
  private static final List<String> FLAGS = List.of("-Xmx128m", "-XX:MaxDirectMemorySize=512m");
  private static final Pattern CURL =
      Pattern.compile("curl -si (\\S+)((?: -H '[^']+')+) -d '([^']+)'");
  private static final Pattern HEADER = Pattern.compile("-H '([^:]+): ([^']+)'");
  private static final Pattern CHILD = Pattern.compile("started a server of wine, pid (\\d+)");

  private static final Pattern API = Pattern.compile("API at (http://127.0.0.1:\\d+)/api/v1");
  private static final String DEPLOYMENTS = "/api/v1/model/deployment";

  @TempDir private Path directory;

  @Test
  void whatItPrintsWorksAndIsInFilesWithinSixSeconds() throws Exception {
    try (GatewayProcess gateway = start();
        HttpClient client = HttpClient.newHttpClient()) {
      await(gateway, Duration.ofSeconds(60), () -> gateway.output().contains("Ctrl-C"));
      List<HttpResponse<String>> answers = new ArrayList<>();
      Matcher curl = CURL.matcher(gateway.output().replaceAll("\\\\\\n\\s*", ""));
      while (curl.find()) {
        answers.add(post(client, curl.group(1), curl.group(2), curl.group(3)));
      }

      assertThat(answers).extracting(HttpResponse::statusCode).containsExactly(200, 200);
      assertThat(answers)
          .allSatisfy(answer ->
              assertThat(answer.headers().firstValue("request-id")).contains("my-first-wine"));
      assertThat(answers.getFirst().body()).contains("\"prediction\":[5.56");
      assertThat(answers.getFirst().headers().firstValue("model-name")).contains("wine-quality");
      assertThat(answers.get(1).body()).contains("\"registered\":true");
      await(gateway, FILES_WITHIN, () -> lines("my-first-wine").size() == 3);
      assertThat(get(client, gateway, "/healthz").statusCode()).isEqualTo(200);
      assertThat(get(client, gateway, "/readyz").body()).contains("\"ready\":true");
      assertThat(get(client, gateway, "/metrics").body())
          .contains(
              "loopgate_ledger_seen_total{kind=\"prediction\",model=\"wine\"} 1.0",
              "loopgate_ledger_committed_total 2.0",
              "total_collected_feedback 1.0");

      assertThat(gateway.stop()).isZero();
    }
    assertThat(verify().exit()).as(verify().output()).isZero();
  }

  @Test
  void aStopPublishesWhatNoWindowHasTakenYetAndEndsTheModel() throws Exception {
    long child;
    try (GatewayProcess gateway = start("--ship.window", "150s", "--proxy.transport", "nio");
        HttpClient client = HttpClient.newHttpClient()) {
      await(gateway, Duration.ofSeconds(60), () -> gateway.output().contains("Ctrl-C"));
      assertThat(gateway.output()).contains("transport nio");
      child = pidOf(gateway);
      HttpResponse<String> answer =
          post(
              client,
              "http://127.0.0.1:" + gateway.address().getPort() + "/feedback",
              "-H 'request-id: late' -H 'model-name: m' -H 'model-version: 1'",
              "x");
      assertThat(answer.statusCode()).isEqualTo(200);

      assertThat(gateway.stop()).isZero();
    }
    assertThat(lines("late")).hasSize(1);
    assertThat(ProcessHandle.of(child).map(ProcessHandle::isAlive).orElse(false)).isFalse();
    assertThat(verify().exit()).isZero();
  }

  @Test
  void afterAKillTheNextOneEndsTheOrphanAndLosesNothing() throws Exception {
    long orphan;
    try (GatewayProcess gateway = start("--ship.window", "150s");
        HttpClient client = HttpClient.newHttpClient()) {
      await(gateway, Duration.ofSeconds(60), () -> gateway.output().contains("Ctrl-C"));
      orphan = pidOf(gateway);
      get(client, gateway, "/model/wine/api/model/info");
      Matcher curl = CURL.matcher(gateway.output().replaceAll("\\\\\\n\\s*", ""));
      assertThat(curl.find()).isTrue();
      post(client, curl.group(1), curl.group(2), curl.group(3));

      gateway.kill();
    }
    try (GatewayProcess gateway = start()) {
      String ended = "left by an earlier life, pid " + orphan;
      await(gateway, Duration.ofSeconds(60), () -> gateway.output().contains(ended));
      assertThat(runs(orphan)).isFalse();
      assertThat(gateway.stop()).isZero();
    }
    assertThat(lines("my-first-wine")).hasSize(2);
    assertThat(verify().exit()).isZero();
  }

  /// One that has ended may be shown until whoever inherited it has looked at its end.
  private static boolean runs(long pid) throws IOException {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
    } catch (NoSuchFileException _) {
      return false;
    }
  }

  @Test
  void theApiHasADoorOfItsOwnThatServesModelsToo() throws Exception {
    try (GatewayProcess gateway = start("--api.listen", "127.0.0.1:0");
        HttpClient client = HttpClient.newHttpClient()) {
      await(gateway, Duration.ofSeconds(60), () -> gateway.output().contains("Ctrl-C"));
      Matcher door = API.matcher(gateway.output());
      assertThat(door.find()).as(gateway.output()).isTrue();

      assertThat(get(client, door.group(1) + DEPLOYMENTS).body())
          .contains("\"id\":\"wine\"", "dev.loopgate.examples.WineModel", "\"minReplicas\":0");
      assertThat(get(client, door.group(1) + "/model/wine/api/model/info").statusCode())
          .isEqualTo(200);

      GatewayProcess.Run other =
          GatewayProcess.run(
              launch("gateway", "--api.listen", door.group(1).substring("http://".length())));
      assertThat(other.exit()).isEqualTo(1);
      assertThat(other.output()).startsWith("loopgate: api.listen: ").hasLineCount(1);
      assertThat(gateway.stop()).isZero();
    }
  }

  @Test
  void theSampleIsTheUsersWhoMayDeleteIt() throws Exception {
    try (GatewayProcess gateway = start();
        HttpClient client = HttpClient.newHttpClient()) {
      await(gateway, Duration.ofSeconds(60), () -> gateway.output().contains("Ctrl-C"));
      String wine = url(gateway) + DEPLOYMENTS + "/wine";
      HttpRequest delete = HttpRequest.newBuilder(URI.create(wine)).DELETE().build();
      assertThat(client.send(delete, HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(200);
      await(gateway, Duration.ofSeconds(60), () -> status(client, wine) == 404);
      assertThat(gateway.stop()).isZero();
    }
    try (GatewayProcess gateway = start();
        HttpClient client = HttpClient.newHttpClient()) {
      await(gateway, Duration.ofSeconds(60), () -> gateway.output().contains("files in"));
      assertThat(get(client, url(gateway) + DEPLOYMENTS).body()).isEqualTo("[]");
      assertThat(gateway.output()).doesNotContain("Ctrl-C");
      assertThat(gateway.stop()).isZero();
    }
  }

  @Test
  void aSecondGatewayOnTheSameDataIsRefusedInOneLine() throws Exception {
    try (GatewayProcess gateway = start()) {
      GatewayProcess.Run second = GatewayProcess.run(launch("up"));

      assertThat(second.exit()).isEqualTo(1);
      assertThat(second.output()).startsWith("loopgate: ").contains("spool").hasLineCount(1);
      assertThat(gateway.isAlive()).isTrue();
      assertThat(ProcessHandle.of(pidOf(gateway))).as("its model was left alone").isPresent();
      assertThat(gateway.stop()).isZero();
    }
  }

  private GatewayProcess start(String... options) throws IOException, InterruptedException {
    return GatewayProcess.start(launch("up", options));
  }

  private GatewayProcess.Launch launch(String role, String... options) {
    List<String> arguments = new ArrayList<>(List.of(role, "--listen", "127.0.0.1:0"));
    arguments.addAll(List.of("--data", directory.resolve("data").toString()));
    arguments.addAll(List.of("--spool.segment-bytes", "2MiB", "--spool.ring-bytes", "4MiB"));
    arguments.addAll(List.of(options));
    return new GatewayProcess.Launch(Command.jar(), FLAGS, arguments);
  }

  private GatewayProcess.Run verify() throws IOException, InterruptedException {
    return GatewayProcess.run(
        new GatewayProcess.Launch(
            Command.jar(), FLAGS, List.of("verify", directory.resolve("data").toString())));
  }

  private static long pidOf(GatewayProcess gateway) {
    Matcher child = CHILD.matcher(gateway.output());
    assertThat(child.find()).as(gateway.output()).isTrue();
    return Long.parseLong(child.group(1));
  }

  private static HttpResponse<String> post(
      HttpClient client, String url, String headers, String body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url)).POST(HttpRequest.BodyPublishers.ofString(body));
    Matcher header = HEADER.matcher(headers);
    while (header.find()) {
      request.header(header.group(1), header.group(2));
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpResponse<String> get(HttpClient client, GatewayProcess gateway, String path)
      throws IOException, InterruptedException {
    return get(client, url(gateway) + path);
  }

  private static HttpResponse<String> get(HttpClient client, String url)
      throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }

  private static int status(HttpClient client, String url) {
    try {
      return get(client, url).statusCode();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }

  private static String url(GatewayProcess gateway) {
    return "http://127.0.0.1:" + gateway.address().getPort();
  }

  /// All published lines with these words.
  private List<String> lines(String words) {
    List<String> lines = new ArrayList<>();
    try (Stream<Path> files = Files.walk(directory.resolve("data/files"))) {
      for (Path file : files.filter(one -> one.toString().endsWith(".json")).toList()) {
        Files.readAllLines(file).stream().filter(line -> line.contains(words)).forEach(lines::add);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return lines;
  }

  private static void await(GatewayProcess gateway, Duration limit, BooleanSupplier condition) {
    long until = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time: %s", gateway.output()).isLessThan(until);
      LockSupport.parkNanos(20_000_000);
    }
  }
}
