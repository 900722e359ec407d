package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `./loopgate` on machines that lack this or that, with a JDK and a Maven that only say how they
/// were called.
final class LauncherIT {
  private static final List<String> TOOLS =
      List.of("readlink", "find", "head", "mkdir", "grep", "touch", "flock", "sleep");

  @TempDir private Path machine;
  private Path home;
  private Path elsewhere;

  @BeforeEach
  void cloneIt() throws IOException {
    home = Files.createDirectories(machine.resolve("a clone"));
    elsewhere = Files.createDirectories(machine.resolve("elsewhere"));
    Path launcher = Path.of(System.getProperty("loopgate.root", ".."), "loopgate");
    Files.copy(launcher, home.resolve("loopgate"));
    executable(home.resolve("loopgate"));
    Path bin = Files.createDirectories(machine.resolve("bin"));
    for (String tool : TOOLS) {
      for (String folder : List.of("/usr/bin", "/bin")) {
        Path target = Path.of(folder, tool);
        if (Files.exists(target) && !Files.exists(bin.resolve(tool))) {
          Files.writeString(bin.resolve(tool), "#!/bin/sh\nexec " + target + " \"$@\"\n");
          executable(bin.resolve(tool));
        }
      }
    }
  }

  @Test
  void saysInOneLineThatThereIsNoJdk() throws Exception {
    for (String path : List.of("", machine.resolve("bin").toString())) {
      Command command = launch(Map.of("PATH", path, "LOOPGATE_JDK_DIRS", ""), "up");

      assertThat(command.exit()).isEqualTo(1);
      assertThat(command.err())
          .isEqualTo(
              "loopgate: no JDK 25 or newer found (JAVA_HOME, PATH, the usual folders);"
                  + " install one or set JAVA_HOME\n");
      assertThat(command.out()).isEmpty();
    }
  }

  @Test
  void namesTheJdksThatAreTooOld() throws Exception {
    Path old = jdk("jdk-17", "17.0.2");

    Command command = launch(Map.of("PATH", "", "LOOPGATE_JDK_DIRS", old.toString()), "up");

    assertThat(command.exit()).isEqualTo(1);
    assertThat(command.err()).contains("; only 17)").hasLineCount(1);
  }

  @Test
  void takesTheFirstJdkThatIsNewEnough() throws Exception {
    installJar();
    Path old = jdk("jdk-17", "17.0.2");
    Path good = jdk("jdk-25", "25");
    Path newer = jdk("jdk-26", "26.0.1");

    Command found =
        launch(Map.of("JAVA_HOME", old.toString(), "LOOPGATE_JDK_DIRS", old + " " + good), "up");
    Command byHome =
        launch(Map.of("JAVA_HOME", newer.toString(), "LOOPGATE_JDK_DIRS", good.toString()), "up");
    Command byPath =
        launch(
            Map.of("PATH", newer.resolve("bin").toString(), "LOOPGATE_JDK_DIRS", good.toString()),
            "up");

    assertThat(found.out()).startsWith(good.toString());
    assertThat(byHome.out()).startsWith(newer.toString());
    assertThat(byPath.out()).startsWith(newer.toString());
  }

  @Test
  void runsTheJarWhereTheCallerIsThroughSymbolicLinksToo() throws Exception {
    installJar();
    Path good = jdk("jdk-25", "25.0.1");
    Path link = Files.createSymbolicLink(machine.resolve("link"), home.resolve("loopgate"));
    Path linked = Files.createSymbolicLink(machine.resolve("linked"), machine.relativize(link));
    Map<String, String> environment =
        Map.of(
            "JAVA_HOME",
            good.toString(),
            "PATH",
            machine.resolve("bin").toString(),
            "LOOPGATE_JAVA_OPTS",
            "-Xmx9m -Dx=y");

    Command command =
        Command.run(List.of(linked.toString(), "up", "--data", "a b", ""), elsewhere, environment);

    assertThat(command.err()).isEmpty();
    assertThat(command.exit()).isEqualTo(7);
    List<String> lines = command.out().lines().toList();
    assertThat(lines.get(1)).isEqualTo("in " + elsewhere.toRealPath());
    assertThat(lines)
        .contains("[-XX:+ExitOnOutOfMemoryError]", "[-XX:-HeapDumpOnOutOfMemoryError]")
        .endsWith(
            "[-Xmx9m]",
            "[-Dx=y]",
            "[-jar]",
            "[" + home.toRealPath().resolve("app/target/loopgate.jar") + "]",
            "[up]",
            "[--data]",
            "[a b]",
            "[]");
  }

  @Test
  void saysThatMavenIsMissingOnlyWhenSomethingIsToBeBuilt() throws Exception {
    Path good = jdk("jdk-25", "25.0.1");
    Files.writeString(home.resolve("pom.xml"), "<project/>");
    Map<String, String> environment =
        Map.of("JAVA_HOME", good.toString(), "PATH", machine.resolve("bin").toString());

    Command without = launch(environment, "up");
    installJar();
    Command with = launch(environment, "up");

    assertThat(without.exit()).isEqualTo(1);
    assertThat(without.err())
        .contains("loopgate: needs building, and there is no mvn on the PATH;")
        .hasLineCount(1);
    assertThat(with.exit()).isEqualTo(7);
  }

  @Test
  void buildsWhatIsOlderThanItsSourcesAndSaysSo() throws Exception {
    Path good = jdk("jdk-25", "25.0.1");
    Files.writeString(home.resolve("pom.xml"), "<project/>");
    maven(
        "echo '[INFO] Building capture 0.1.0 [2/9]'; echo noise; echo \"home=$JAVA_HOME $*\";"
            + " mkdir -p app/target; : > app/target/loopgate.jar");
    Map<String, String> environment =
        Map.of("JAVA_HOME", good.toString(), "PATH", machine.resolve("bin").toString());

    Command first = launch(environment, "up");
    Command second = launch(environment, "up");

    assertThat(first.exit()).isEqualTo(7);
    assertThat(first.err())
        .contains("loopgate: building", "loopgate:   capture 0.1.0 [2/9]")
        .doesNotContain("noise");
    assertThat(home.resolve("target/build.log"))
        .content()
        .contains("noise", "home=" + good, "-Dmaven.test.skip=true", "package -pl app -am");
    assertThat(second.err()).as("built once").isEmpty();
  }

  @Test
  void buildsOnceForAllWhoStartMeanwhile() throws Exception {
    Path good = jdk("jdk-25", "25.0.1");
    Files.writeString(home.resolve("pom.xml"), "<project/>");
    maven("echo built >> builds; sleep 0.5; mkdir -p app/target; : > app/target/loopgate.jar");
    Map<String, String> environment =
        Map.of("JAVA_HOME", good.toString(), "PATH", machine.resolve("bin").toString());

    List<Future<Command>> starts = new ArrayList<>();
    try (ExecutorService all = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 4; i++) {
        starts.add(all.submit(() -> launch(environment, "up")));
      }
    }

    for (Future<Command> start : starts) {
      assertThat(start.get().exit()).isEqualTo(7);
    }
    assertThat(home.resolve("builds")).content().isEqualTo("built\n");
  }

  @Test
  void showsTheErrorsOfABuildThatFails() throws Exception {
    Path good = jdk("jdk-25", "25.0.1");
    Files.writeString(home.resolve("pom.xml"), "<project/>");
    maven("echo '[INFO] fine'; echo '[ERROR] no such thing'; exit 3");

    Command command =
        launch(
            Map.of("JAVA_HOME", good.toString(), "PATH", machine.resolve("bin").toString()), "up");

    assertThat(command.exit()).isEqualTo(1);
    assertThat(command.err())
        .contains("[ERROR] no such thing", "loopgate: the build failed; all of it is in ")
        .doesNotContain("[INFO] fine");
    assertThat(command.out()).isEmpty();
  }

  @Test
  void makesTheCacheOfAStartOnceAndStartsWithoutItToo() throws Exception {
    Path jar = home.resolve("app/target/loopgate.jar");
    Files.createDirectories(jar.getParent());
    Files.copy(Command.jar(), jar);
    Map<String, String> environment =
        Map.of("JAVA_HOME", System.getProperty("java.home"), "PATH", "/usr/bin:/bin");
    // It refuses to start, so that it ends: the cache was made before.
    String[] refused = {"gateway", "--listen", "nowhere"};
    Path cache = home.resolve("app/target/loopgate-" + Runtime.version().feature() + ".aot");

    Command look = launch(environment, "version");
    assertThat(cache).as("made for a gateway alone").doesNotExist();
    Command first = launch(environment, refused);
    long size = Files.size(cache);
    Command second = launch(environment, refused);
    Files.writeString(cache, "rotten");
    Command rotten = launch(environment, refused);
    Files.writeString(cache, "");
    Command given = launch(environment, refused);

    assertThat(look.err()).isEmpty();
    assertThat(size).isGreaterThan(1 << 20);
    assertThat(first.err()).startsWith("loopgate: preparing faster starts").hasLineCount(2);
    for (Command command : List.of(second, rotten, given)) {
      assertThat(command.err()).startsWith("loopgate: option --listen: ").hasLineCount(1);
      assertThat(command.exit()).isEqualTo(2);
      assertThat(command.out()).isEmpty();
    }
    assertThat(Files.size(cache)).as("an empty one says: tried").isZero();
  }

  @Test
  void aVerbThatAsksAnotherProcessHasACacheOfItsOwn() throws Exception {
    Path jar = home.resolve("app/target/loopgate.jar");
    Files.createDirectories(jar.getParent());
    Files.copy(Command.jar(), jar);
    Map<String, String> environment =
        Map.of(
            "JAVA_HOME",
            System.getProperty("java.home"),
            "PATH",
            "/usr/bin:/bin",
            "LOOPGATE_CONFIG",
            home.resolve("none").toString());
    String[] asks = {"deployment", "get", "--url", "http://127.0.0.1:1"};
    int feature = Runtime.version().feature();

    Command first = launch(environment, asks);
    Command second = launch(environment, asks);

    assertThat(first.err()).startsWith("loopgate: preparing faster starts").hasLineCount(1);
    assertThat(second.err()).isEmpty();
    for (Command command : List.of(first, second)) {
      assertThat(command.exit()).isEqualTo(1);
      assertThat(command.out()).startsWith("Error: Can not reach http://127.0.0.1:1\n");
    }
    assertThat(Files.size(home.resolve("app/target/loopgate-client-" + feature + ".aot")))
        .isGreaterThan(1 << 20);
    assertThat(home.resolve("app/target/loopgate-" + feature + ".aot")).doesNotExist();
  }

  private Command launch(Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    Map<String, String> all = new HashMap<>(environment);
    all.putIfAbsent("PATH", machine.resolve("bin").toString());
    List<String> command = new ArrayList<>();
    command.add(home.resolve("loopgate").toString());
    command.addAll(List.of(arguments));
    return Command.run(command, elsewhere, all);
  }

  private void installJar() throws IOException {
    Path jar = home.resolve("app/target/loopgate.jar");
    Files.createDirectories(jar.getParent());
    Files.writeString(jar, "");
  }

  private Path jdk(String name, String version) throws IOException {
    Path jdk = machine.resolve(name);
    Files.createDirectories(jdk.resolve("bin"));
    Files.writeString(
        jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
    Files.writeString(
        jdk.resolve("bin/java"),
        "#!/bin/sh\necho " + jdk + "\necho \"in $PWD\"\nfor a; do echo \"[$a]\"; done\nexit 7\n");
    Files.writeString(jdk.resolve("bin/javac"), "#!/bin/sh\n");
    executable(jdk.resolve("bin/java"));
    executable(jdk.resolve("bin/javac"));
    return jdk;
  }

  private void maven(String script) throws IOException {
    Path mvn = machine.resolve("bin/mvn");
    Files.writeString(mvn, "#!/bin/sh\n" + script + "\n");
    executable(mvn);
  }

  private static void executable(Path file) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
