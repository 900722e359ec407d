package dev.loopgate.controller;

import static dev.loopgate.controller.DeclaredStoreContract.kept;
import static dev.loopgate.fleet.Kind.CONNECTION;
import static dev.loopgate.fleet.Kind.DEPLOYMENT;
import static dev.loopgate.fleet.Kind.ROUTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.EventPage;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.RouteStatus;
import dev.loopgate.fleet.StoreException;
import dev.loopgate.fleet.Written;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class FileStoreTest implements DeclaredStoreContract {
  @TempDir Path root;

  private final ManualClock clock = new ManualClock();
  private final FaultyFiles files = new FaultyFiles();
  private @Nullable FileStore store;

  @Override
  public synchronized FileStore store() {
    FileStore open = store;
    if (open == null) {
      try {
        open = FileStore.open(directory(), clock, new Random(7), files);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      store = open;
    }
    return open;
  }

  @Override
  public ManualClock clock() {
    return clock;
  }

  @Override
  public void afterARestart() {
    try {
      restart();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @AfterEach
  void close() throws IOException {
    FileStore open = store;
    store = null;
    if (open != null) {
      open.close();
    }
  }

  @Test
  void allIsThereAfterARestart() throws Exception {
    declareSome();
    List<Declared<?, ?>> before = all();

    restart();

    assertThat(all()).isEqualTo(before);
    assertThat(store().defaultRoute("wine")).isPresent();
    assertThat(store().left()).isEqualTo(new FileStore.Left(0, 0));
    assertThat(names("deployment")).containsExactly("beer.json", "wine.json");
    assertThat(names("route")).containsExactly("r.json");
    assertThat(names("connection")).containsExactly("docker.json");
  }

  @Test
  void versionsAndCursorsGoOnAfterARestartWhateverWasDeleted() throws Exception {
    kept(store().create(DEPLOYMENT, "wine", Specs.deployment("i")));
    kept(store().delete(DEPLOYMENT, "wine", ANY));
    EventPage before = store().events(DEPLOYMENT, 0, 100);

    restart();

    EventPage none = store().events(DEPLOYMENT, before.cursor(), 100);
    assertThat(none.events()).isEmpty();
    assertThat(none.cursor()).isGreaterThanOrEqualTo(before.cursor());
    assertThat(none.cutOff()).isTrue();
    Declared<?, ?> again = kept(store().create(DEPLOYMENT, "wine", Specs.deployment("i")));
    assertThat(again.version()).isGreaterThan(before.cursor());
    EventPage one = store().events(DEPLOYMENT, none.cursor(), 100);
    assertThat(one.events()).hasSize(1);
    assertThat(one.cutOff()).isFalse();
  }

  @Test
  void versionsGoOnWhenTheirFileIsLost() throws Exception {
    long version = kept(store().create(DEPLOYMENT, "wine", Specs.deployment("i"))).version();
    close();
    Files.delete(directory().resolve("revision"));

    assertThat(kept(store().create(DEPLOYMENT, "beer", Specs.deployment("i"))).version())
        .isGreaterThan(version + 1_000_000);
  }

  @Test
  void aWriteIsForcedBesideItsNameThenRenamedThenItsNameIsForced() throws Exception {
    kept(store().create(DEPLOYMENT, "beer", Specs.deployment("i")));
    files.asked();

    kept(store().create(DEPLOYMENT, "wine", Specs.deployment("i")));
    assertThat(files.asked())
        .containsExactly("write wine.json.tmp", "rename wine.json", "force deployment");
    kept(store().delete(DEPLOYMENT, "wine", ANY));
    assertThat(files.asked()).containsExactly("delete wine.json", "force deployment");
    kept(store().create(CONNECTION, "docker", Specs.docker("YQ==")));
    assertThat(files.asked())
        .containsExactly(
            "write secrets.key.tmp",
            "rename secrets.key",
            "force declared",
            "write docker.json.tmp",
            "rename docker.json",
            "force connection");
  }

  @Test
  void everyDirectoryThatWasMadeIsForcedFromTheDeepestOneThatWasThere() throws Exception {
    Path deep = root.resolve("a").resolve("b").resolve("declared");

    FileStore.open(deep, clock, new Random(7), files).close();
    assertThat(files.asked()).startsWith("force " + root.getFileName(), "force a", "force b");
    FileStore.open(deep, clock, new Random(7), files).close();
    assertThat(files.asked()).startsWith("force b");
  }

  @Test
  void whatIsGoneStillCountsWhereItsEventIs() throws Exception {
    int rounds = 40; // of 250 kB and twice an event: more than the bound, and once: less
    for (int i = 0; i < rounds; i++) {
      kept(store().create(DEPLOYMENT, "wine", Specs.deployment("i".repeat(250_000))));
      kept(store().delete(DEPLOYMENT, "wine", ANY));
    }

    EventPage page = store().events(DEPLOYMENT, 0, 100);
    assertThat(page.cutOff()).isTrue();
    assertThat(page.events()).hasSizeBetween(60, 67);
  }

  @Test
  void versionsAreReservedBeforeTheyAreGiven() throws Exception {
    store();
    files.asked();

    kept(store().create(ROUTE, "r", Specs.route("/custom/r", "wine")));

    assertThat(files.asked()).startsWith("write revision.tmp", "rename revision", "force declared");
  }

  @ParameterizedTest
  @ValueSource(strings = {"write wine", "rename wine"})
  void whatADiskRefusesIsNotThereAndTheNextIsTaken(String refused) throws Exception {
    Declared<?, ?> before = kept(store().create(DEPLOYMENT, "wine", Specs.deployment("i")));
    files.refuse(refused);

    StoreException failure =
        catchThrowableOfType(
            StoreException.class,
            () -> store().replace(DEPLOYMENT, "wine", Specs.deployment("j"), ANY));

    assertThat(failure.isUncertain()).isFalse();
    assertThat(failure).hasMessageContaining("id=wine").hasMessageNotContaining("\n");
    assertThat(store().get(DEPLOYMENT, "wine").orElseThrow()).isEqualTo(before);
    assertThat(names("deployment")).containsExactly("wine.json");
    files.refuse(null);
    Declared<?, ?> after = kept(store().replace(DEPLOYMENT, "wine", Specs.deployment("k"), ANY));
    restart();
    assertThat(store().get(DEPLOYMENT, "wine").orElseThrow()).isEqualTo(after);
  }

  @Test
  void whatCouldNotBeDeletedStays() throws Exception {
    kept(store().create(DEPLOYMENT, "wine", Specs.deployment("i")));
    files.refuse("delete");

    assertThatThrownBy(() -> store().delete(DEPLOYMENT, "wine", ANY))
        .isInstanceOf(StoreException.class);

    assertThat(store().get(DEPLOYMENT, "wine")).isPresent();
    assertThat(store().defaultRoute("wine")).isPresent();
    files.refuse(null);
    kept(store().delete(DEPLOYMENT, "wine", ANY));
  }

  @Test
  void noVersionIsGivenThatIsNotReserved() throws Exception {
    store();
    files.refuse("write revision");

    assertThatThrownBy(() -> store().create(ROUTE, "r", Specs.route("/custom/r", "wine")))
        .isInstanceOfSatisfying(
            StoreException.class, failure -> assertThat(failure.isUncertain()).isFalse());

    assertThat(store().list(ROUTE)).isEmpty();
    files.refuse(null);
    kept(store().create(ROUTE, "r", Specs.route("/custom/r", "wine")));
  }

  @Test
  void afterAWriteOfWhichNobodyKnowsNoneIsTakenUntilARestart() throws Exception {
    Declared<?, ?> before = kept(store().create(DEPLOYMENT, "wine", Specs.deployment("i")));
    files.refuse("force deployment");

    assertThatThrownBy(() -> store().replace(DEPLOYMENT, "wine", Specs.deployment("j"), ANY))
        .isInstanceOfSatisfying(
            StoreException.class, failure -> assertThat(failure.isUncertain()).isTrue());

    files.refuse(null);
    assertThat(store().get(DEPLOYMENT, "wine").orElseThrow()).isEqualTo(before);
    assertThatThrownBy(() -> store().create(ROUTE, "r", Specs.route("/custom/r", "wine")))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("nothing is written any more");
    restart();
    assertThat(store().get(DEPLOYMENT, "wine").orElseThrow().spec())
        .isEqualTo(Specs.deployment("j")); // as the disk has it
    kept(store().create(ROUTE, "r", Specs.route("/custom/r", "wine")));
  }

  @Test
  void aClosedStoreWritesNothing() throws Exception {
    FileStore closed = store();
    close();

    assertThatThrownBy(() -> closed.create(DEPLOYMENT, "wine", Specs.deployment("i")))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("closed");
    assertThat(names("deployment")).isEmpty();
  }

  @Test
  void anInterruptDoesNoHarm() throws Exception {
    store();
    Thread.currentThread().interrupt();

    kept(store().create(DEPLOYMENT, "wine", Specs.deployment("i")));
    kept(store().delete(DEPLOYMENT, "wine", ANY));

    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void twoDoNotHaveOneDirectory() throws Exception {
    store();

    assertThatThrownBy(() -> FileStore.open(directory(), clock, new Random(7)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("another process has it: file=" + directory().resolve("lock"));
    restart();
  }

  @Test
  void whoIsRefusedInThisProcessOpensItForNoOther() throws Exception {
    store();
    Path alias = Files.createSymbolicLink(root.resolve("alias"), directory());

    for (Path same : List.of(directory(), alias)) {
      assertThatThrownBy(() -> FileStore.open(same, clock, new Random(7)))
          .hasMessageContaining("another process has it");
      assertThat(openedElsewhere()).as("%s", same).isEqualTo(StoreLockChild.REFUSED);
    }
    FileStore closed = store();
    restart();
    closed.close(); // once more: what was opened since is not its own
    assertThatThrownBy(() -> FileStore.open(directory(), clock, new Random(7)))
        .hasMessageContaining("another process has it");
    assertThat(openedElsewhere()).isEqualTo(StoreLockChild.REFUSED);
    close();
    assertThat(openedElsewhere()).isZero();
  }

  @Test
  void nobodyElseMayReadAnything() throws Exception {
    declareSome();

    try (Stream<Path> paths = Files.walk(directory())) {
      assertThat(paths)
          .hasSizeGreaterThan(9)
          .allSatisfy(path ->
              assertThat(Files.getPosixFilePermissions(path).toString())
                  .doesNotContain("GROUP", "OTHERS"));
    }
  }

  @Test
  void halfWrittenOnesAreCountedAndGo() throws Exception {
    declareSome();
    close();
    Files.writeString(folder("deployment").resolve("wine.json.tmp"), "{");
    Files.writeString(folder("route").resolve("never.json.tmp"), "");

    assertThat(store().left()).isEqualTo(new FileStore.Left(2, 0));
    assertThat(store().get(ROUTE, "never")).isEmpty();
    assertThat(names("deployment")).containsExactly("beer.json", "wine.json");
  }

  @Test
  void whatIsNotOursIsCountedAndStays() throws Exception {
    declareSome();
    close();
    Files.writeString(folder("deployment").resolve("README"), "x");
    Files.writeString(folder("deployment").resolve("wine.json~"), "x");
    Files.createDirectory(folder("route").resolve("old"));

    assertThat(store().left()).isEqualTo(new FileStore.Left(0, 3));
    assertThat(names("deployment"))
        .containsExactly("README", "beer.json", "wine.json", "wine.json~");
  }

  @Test
  void aTornFileIsRefusedWhereverItIsTorn() throws Exception {
    kept(store().create(CONNECTION, "docker", Specs.docker("YQ==")));
    close();
    Path file = folder("connection").resolve("docker.json");
    byte[] whole = Files.readAllBytes(file);
    int step = 7;
    for (int length = 0; length < whole.length - 1; length += step) {
      byte[] torn = Arrays.copyOf(whole, length);
      Files.write(file, torn);

      assertRefused(file);
      assertThat(Files.readAllBytes(file)).isEqualTo(torn);
    }
    Files.write(file, whole);
    assertThat(store().list(CONNECTION)).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"format\" : 1 | \"format\" : 2",
        "\"id\" : \"wine\" | \"id\" : \"beer\"",
        "\"kind\" : \"ModelDeployment\" | \"kind\" : \"Connection\"",
        "\"image\" : | \"later\" : 1, \"image\" :",
        "\"object\" : | \"later\" : 1, \"object\" :",
        "\"image\" : | \"image\" : \"x\", \"image\" :",
        "\"default\" : true | \"default\" : false",
        "/model/wine | /model/beer"
      })
  void whatSomebodyChangedIsRefused(String from, String to) throws Exception {
    kept(store().create(DEPLOYMENT, "wine", Specs.deployment("i")));
    close();
    Path file = folder("deployment").resolve("wine.json");
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replaceFirst(Pattern.quote(from), to));

    assertRefused(file);
  }

  @Test
  void aRouteThatSaysItIsADefaultOneIsRefused() throws Exception {
    kept(store().create(ROUTE, "r", Specs.route("/custom/r", "wine")));
    close();
    Path file = folder("route").resolve("r.json");
    String text = Files.readString(file);
    Files.writeString(file, text.replace("\"version\"", "\"default\" : true, \"version\""));

    assertRefused(file);
  }

  @ParameterizedTest
  @ValueSource(strings = {"beer.json", "Wine.json", "wine copy.json", ".json"})
  void whatSomebodyRenamedIsRefused(String name) throws Exception {
    kept(store().create(DEPLOYMENT, "wine", Specs.deployment("i")));
    close();
    Path renamed = folder("deployment").resolve(name);
    Files.move(folder("deployment").resolve("wine.json"), renamed);

    assertRefused(renamed);
    assertThat(renamed).exists();
  }

  @Test
  void whatIsTooLargeOrNoFileIsRefused() throws Exception {
    store();
    close();
    Path file = folder("deployment").resolve("wine.json");
    Files.createDirectory(file);
    assertRefused(file);
    Files.delete(file);
    Files.write(file, new byte[DeclaredStore.KEPT_BYTES_MAX + 1]);

    assertRefused(file);
  }

  @Test
  void aRouteInTheDefaultOnesPlaceIsRefused() throws Exception {
    declareSome();
    String id = store().defaultRoute("wine").orElseThrow().id();
    close();
    Path file = folder("route").resolve(id + ".json");
    String text = Files.readString(folder("route").resolve("r.json"));
    Files.writeString(file, text.replace("\"id\" : \"r\"", "\"id\" : \"" + id + "\""));

    assertThatThrownBy(this::store).rootCause().hasMessageContaining("two have one id");
  }

  @Test
  void aDamagedRevisionIsRefused() throws Exception {
    declareSome();
    close();
    Files.writeString(directory().resolve("revision"), "x");

    assertThatThrownBy(this::store)
        .rootCause()
        .hasMessageContaining("file=" + directory().resolve("revision"));
  }

  @Test
  void aKindIsBounded() throws Exception {
    // Ten thousand files take a while to force: they are put there as a start would find them.
    kept(store().create(ROUTE, "r", Specs.route("/custom/r", "wine")));
    close();
    String text = Files.readString(folder("route").resolve("r.json"));
    for (int i = 1; i < DeclaredStore.COUNT_MAX; i++) {
      Files.writeString(
          folder("route").resolve("r" + i + ".json"),
          text.replace("\"id\" : \"r\"", "\"id\" : \"r" + i + "\""));
    }

    assertThat(store().list(ROUTE)).hasSize(DeclaredStore.COUNT_MAX);
    kept(store().create(DEPLOYMENT, "wine", Specs.deployment("i"))); // its route is not counted
    assertThat(store().create(ROUTE, "more", Specs.route("/custom/more", "wine")))
        .isEqualTo(
            new Written.Refused<>(
                Written.Reason.TOO_MANY,
                "there are 10000 entities of ModelRoute, and no more are kept"));
    kept(store().delete(ROUTE, "r", ANY));
    kept(store().create(ROUTE, "more", Specs.route("/custom/more", "wine")));
  }

  private void declareSome() throws StoreException {
    kept(store().create(DEPLOYMENT, "wine", Specs.deployment("i")));
    kept(store().create(DEPLOYMENT, "beer", Specs.deployment("i")));
    kept(store().updateStatus(DEPLOYMENT, "wine", Specs.ready(2), ANY));
    kept(store().mark(DEPLOYMENT, "beer", ANY));
    kept(
        store()
            .updateStatus(
                ROUTE,
                store().defaultRoute("wine").orElseThrow().id(),
                new RouteStatus("http://edge/model/wine", RouteStatus.State.READY),
                ANY));
    kept(store().create(ROUTE, "r", Specs.route("/custom/r", "wine")));
    kept(store().replace(ROUTE, "r", Specs.route("/custom/s", "wine"), ANY));
    kept(store().create(CONNECTION, "docker", Specs.docker("YQ==")));
  }

  private void assertRefused(Path file) {
    IOException failure =
        catchThrowableOfType(
            IOException.class, () -> FileStore.open(directory(), clock, new Random(7)));

    assertThat(failure)
        .as("%s", file)
        .hasMessageContaining("file=" + file)
        .hasMessageContaining("nothing was changed")
        .hasMessageNotContaining("\n");
  }

  /// The status with which a process ends that opens the same directory.
  private int openedElsewhere() throws Exception {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                StoreLockChild.class.getName(),
                directory().toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(child.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return child.exitValue();
  }

  private void restart() throws IOException {
    close();
    store();
  }

  private List<Declared<?, ?>> all() {
    List<Declared<?, ?>> all = new ArrayList<>();
    for (Kind<?, ?> kind : Kind.all()) {
      all.addAll(store().list(kind));
    }
    return all;
  }

  private Path directory() {
    return root.resolve("declared");
  }

  private Path folder(String kind) {
    return directory().resolve(kind);
  }

  private List<String> names(String kind) throws IOException {
    return new MachineFiles().names(folder(kind));
  }
}
