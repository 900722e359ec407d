package dev.loopgate.controller;

import static dev.loopgate.fleet.Kind.CONNECTION;
import static dev.loopgate.fleet.Kind.DEPLOYMENT;
import static dev.loopgate.fleet.Kind.ROUTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.fleet.Changes;
import dev.loopgate.fleet.ConnectionSpec;
import dev.loopgate.fleet.ConnectionStatus;
import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeclaredEvent;
import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.DeploymentSpec;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.EventPage;
import dev.loopgate.fleet.RouteSpec;
import dev.loopgate.fleet.RouteStatus;
import dev.loopgate.fleet.StoreException;
import dev.loopgate.fleet.Written;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What every store must do.
interface DeclaredStoreContract {
  OptionalLong ANY = OptionalLong.empty();

  /// The store, the same in one test, and empty at its beginning.
  DeclaredStore store();

  /// The store's clock.
  ManualClock clock();

  /// Ends the store and begins it again, where that can be.
  default void afterARestart() {}

  @Test
  default void whatWasDeclaredIsThere() throws StoreException {
    Declared<DeploymentSpec, DeploymentStatus> wine = create("wine");

    assertThat(store().get(DEPLOYMENT, "wine")).contains(wine);
    assertThat(wine.spec()).isEqualTo(Specs.deployment("image"));
    assertThat(wine.createdAt()).isEqualTo(clock().instant());
    assertThat(wine.updatedAt()).isEqualTo(wine.createdAt());
    assertThat(wine.status()).isEqualTo(DeploymentStatus.NEW);
    assertThat(wine.deletionMark()).isFalse();
    assertThat(wine.version()).isPositive();
    assertThat(store().get(DEPLOYMENT, "beer")).isEmpty();
    assertThat(store().get(CONNECTION, "wine")).isEmpty();
  }

  @Test
  default void allAreListedInTheOrderOfTheirIds() throws StoreException {
    for (String id : List.of("b", "a-1", "a", "c0")) {
      create(id);
    }

    assertThat(store().list(DEPLOYMENT).stream().map(Declared::id))
        .containsExactly("a", "a-1", "b", "c0");
    assertThat(store().list(ROUTE)).hasSize(4);
    assertThat(store().list(CONNECTION)).isEmpty();
  }

  @Test
  default void oneIdIsDeclaredOnce() throws StoreException {
    Declared<DeploymentSpec, DeploymentStatus> wine = create("wine");
    kept(store().mark(DEPLOYMENT, "wine", ANY));

    Written<DeploymentSpec, DeploymentStatus> again =
        store().create(DEPLOYMENT, "wine", Specs.deployment("other"));

    assertThat(again)
        .isInstanceOfSatisfying(
            Written.Exists.class, there -> assertThat(there.declared().id()).isEqualTo("wine"));
    assertThat(store().get(DEPLOYMENT, "wine").orElseThrow().spec()).isEqualTo(wine.spec());
    assertThat(store().list(ROUTE)).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "../wine", "wine.json", "Wine", "a/b", "a\u0000"})
  default void whatIsNoIdIsNeverKept(String id) {
    assertThatThrownBy(() -> store().create(CONNECTION, id, Specs.docker("YQ==")))
        .isInstanceOf(IllegalArgumentException.class);

    assertThat(store().get(CONNECTION, id)).isEmpty();
    assertThat(store().list(CONNECTION)).isEmpty();
  }

  @Test
  default void aDeploymentComesWithItsRoute() throws StoreException {
    String longest = "w".repeat(63);
    for (String id : List.of("wine", longest)) {
      create(id);
      Declared<RouteSpec, RouteStatus> route = store().defaultRoute(id).orElseThrow();

      assertThat(route.isDefault()).isTrue();
      assertThat(route.spec()).isEqualTo(Specs.route("/model/" + id, id));
      assertThat(route.id()).matches(id.substring(0, Math.min(id.length(), 57)) + "-[0-9a-f]{5}");
      assertThat(store().get(ROUTE, route.id())).contains(route);
      assertThat(store().list(ROUTE)).contains(route);
    }
    assertThat(store().defaultRoute("beer")).isEmpty();
  }

  @Test
  default void aDeploymentKeepsItsRouteAndGoesWithIt() throws StoreException {
    create("wine");
    Declared<RouteSpec, RouteStatus> route = store().defaultRoute("wine").orElseThrow();
    kept(store().replace(DEPLOYMENT, "wine", Specs.deployment("other"), ANY));
    kept(store().mark(DEPLOYMENT, "wine", ANY));

    assertThat(store().defaultRoute("wine")).contains(route);

    kept(store().delete(DEPLOYMENT, "wine", ANY));
    assertThat(store().get(DEPLOYMENT, "wine")).isEmpty();
    assertThat(store().defaultRoute("wine")).isEmpty();
    assertThat(store().get(ROUTE, route.id())).isEmpty();
    assertThat(store().list(ROUTE)).isEmpty();
    assertThat(store().delete(DEPLOYMENT, "wine", ANY)).isInstanceOf(Written.Missing.class);
  }

  @Test
  default void aDefaultRouteIsChangedByNobodyElse() throws StoreException {
    create("wine");
    Declared<RouteSpec, RouteStatus> route = store().defaultRoute("wine").orElseThrow();

    assertThat(store().replace(ROUTE, route.id(), Specs.route("/custom/x", "wine"), ANY))
        .isEqualTo(
            new Written.Refused<>(
                Written.Reason.DEFAULT_ROUTE,
                "unable to update default route with ID \"" + route.id() + "\""));
    for (Written<RouteSpec, RouteStatus> refused :
        List.of(store().delete(ROUTE, route.id(), ANY), store().mark(ROUTE, route.id(), ANY))) {
      assertThat(refused)
          .isEqualTo(
              new Written.Refused<>(
                  Written.Reason.DEFAULT_ROUTE,
                  "unable to delete default route with ID \"" + route.id() + "\""));
    }
    assertThat(store().defaultRoute("wine")).contains(route);
  }

  @Test
  default void aVitalConnectionStaysUntilItIsNone() throws StoreException {
    Declared<ConnectionSpec, ConnectionStatus> vital =
        kept(store().create(CONNECTION, "docker", Specs.vital(true)));

    for (Written<ConnectionSpec, ConnectionStatus> refused :
        List.of(
            store().delete(CONNECTION, "docker", ANY), store().mark(CONNECTION, "docker", ANY))) {
      assertThat(refused)
          .isEqualTo(
              new Written.Refused<>(
                  Written.Reason.VITAL, "docker connection is vital, it cannot be deleted"));
    }
    assertThat(store().get(CONNECTION, "docker")).contains(vital);
    kept(store().replace(CONNECTION, "docker", Specs.vital(false), ANY));
    kept(store().mark(CONNECTION, "docker", ANY));
    kept(store().delete(CONNECTION, "docker", ANY));
  }

  @Test
  default void anotherSpecBeginsAnew() throws StoreException {
    Declared<DeploymentSpec, DeploymentStatus> wine = create("wine");
    kept(store().updateStatus(DEPLOYMENT, "wine", Specs.ready(1), ANY));
    Declared<DeploymentSpec, DeploymentStatus> marked = kept(store().mark(DEPLOYMENT, "wine", ANY));
    clock().advance(Duration.ofSeconds(1));

    Declared<DeploymentSpec, DeploymentStatus> other =
        kept(store().replace(DEPLOYMENT, "wine", Specs.deployment("other"), ANY));

    assertThat(store().get(DEPLOYMENT, "wine")).contains(other);
    assertThat(other.spec()).isEqualTo(Specs.deployment("other"));
    assertThat(other.createdAt()).isEqualTo(wine.createdAt());
    assertThat(other.updatedAt()).isEqualTo(clock().instant());
    assertThat(other.status()).isEqualTo(DeploymentStatus.NEW);
    assertThat(marked.deletionMark()).isTrue();
    assertThat(other.deletionMark()).isFalse();
    assertThat(other.version()).isGreaterThan(marked.version());
    assertThat(store().replace(DEPLOYMENT, "beer", Specs.deployment("other"), ANY))
        .isInstanceOf(Written.Missing.class);
  }

  @Test
  default void whoExpectsAnotherVersionIsTold() throws StoreException {
    Declared<DeploymentSpec, DeploymentStatus> wine = create("wine");
    OptionalLong seen = OptionalLong.of(wine.version());
    Declared<DeploymentSpec, DeploymentStatus> now =
        kept(store().replace(DEPLOYMENT, "wine", Specs.deployment("other"), seen));

    List<Written<DeploymentSpec, DeploymentStatus>> late =
        List.of(
            store().replace(DEPLOYMENT, "wine", wine.spec(), seen),
            store().mark(DEPLOYMENT, "wine", seen),
            store().delete(DEPLOYMENT, "wine", seen),
            store().updateStatus(DEPLOYMENT, "wine", Specs.ready(1), seen));

    assertThat(late).allSatisfy(each -> assertThat(each).isEqualTo(new Written.Stale<>(now)));
    assertThat(store().get(DEPLOYMENT, "wine")).contains(now);
  }

  @Test
  default void aVersionNeverComesAgain() throws StoreException {
    Declared<DeploymentSpec, DeploymentStatus> wine = create("wine");
    kept(store().delete(DEPLOYMENT, "wine", ANY));

    assertThat(create("wine").version()).isGreaterThan(wine.version());
  }

  @Test
  default void whatIsObservedIsNoWriteOfTheSpec() throws StoreException {
    Declared<DeploymentSpec, DeploymentStatus> wine = create("wine");
    clock().advance(Duration.ofSeconds(1));

    Declared<DeploymentSpec, DeploymentStatus> ready =
        kept(store().updateStatus(DEPLOYMENT, "wine", Specs.ready(1), ANY));

    assertThat(ready.status()).isEqualTo(Specs.ready(1));
    assertThat(ready.updatedAt()).isEqualTo(wine.updatedAt());
    assertThat(ready.version()).isGreaterThan(wine.version());
    EventPage before = store().events(DEPLOYMENT, 0, 100);
    assertThat(kept(store().updateStatus(DEPLOYMENT, "wine", Specs.ready(1), ANY)))
        .isEqualTo(ready);
    assertThat(store().events(DEPLOYMENT, 0, 100)).isEqualTo(before);
    assertThat(store().updateStatus(DEPLOYMENT, "beer", Specs.ready(1), ANY))
        .isInstanceOf(Written.Missing.class);
  }

  @Test
  default void aDefaultRouteIsObservedByItself() throws StoreException {
    Declared<DeploymentSpec, DeploymentStatus> wine = create("wine");
    Declared<RouteSpec, RouteStatus> route = store().defaultRoute("wine").orElseThrow();
    RouteStatus ready = new RouteStatus("http://edge/model/wine", RouteStatus.State.READY);

    Declared<RouteSpec, RouteStatus> now =
        kept(store().updateStatus(ROUTE, route.id(), ready, ANY));

    assertThat(now.status()).isEqualTo(ready);
    assertThat(store().defaultRoute("wine")).contains(now);
    assertThat(store().get(DEPLOYMENT, "wine")).contains(wine);
  }

  @Test
  default void aMarkIsSetOnce() throws StoreException {
    create("wine");
    Declared<DeploymentSpec, DeploymentStatus> marked = kept(store().mark(DEPLOYMENT, "wine", ANY));

    assertThat(kept(store().mark(DEPLOYMENT, "wine", ANY))).isEqualTo(marked);
    assertThat(words(store().events(DEPLOYMENT, 0, 100)))
        .containsExactly("ModelDeploymentCreated", "ModelDeploymentDeletionMarkIsSet");
    assertThat(store().mark(DEPLOYMENT, "beer", ANY)).isInstanceOf(Written.Missing.class);
  }

  @Test
  default void whatIsTooLargeIsNotKept() throws StoreException {
    DeploymentSpec large = Specs.deployment("i".repeat(DeclaredStore.BYTES_MAX));

    assertThat(store().create(DEPLOYMENT, "wine", large))
        .isEqualTo(
            new Written.Refused<>(
                Written.Reason.TOO_LARGE, "ModelDeployment is larger than 262144 bytes"));
    assertThat(store().get(DEPLOYMENT, "wine")).isEmpty();
    assertThat(store().list(ROUTE)).isEmpty();
    Declared<DeploymentSpec, DeploymentStatus> wine = create("wine");
    assertThat(store().replace(DEPLOYMENT, "wine", large, ANY)).isInstanceOf(Written.Refused.class);
    assertThat(store().get(DEPLOYMENT, "wine")).contains(wine);
  }

  @Test
  default void whatIsAsLargeAsMayBeIsObservedAndGoes() throws StoreException {
    int length = largest() - 64; // for what a second write has more of
    create("wine");
    String route = store().defaultRoute("wine").orElseThrow().id();
    kept(store().replace(DEPLOYMENT, "wine", Specs.deployment("i".repeat(length)), ANY));
    kept(store().replace(DEPLOYMENT, "wine", Specs.deployment("i".repeat(length)), ANY));

    kept(store().updateStatus(DEPLOYMENT, "wine", Specs.wordy(), ANY));
    kept(
        store()
            .updateStatus(
                ROUTE,
                route,
                new RouteStatus("\u20ac".repeat(2048), RouteStatus.State.READY),
                ANY));
    kept(store().mark(DEPLOYMENT, "wine", ANY));

    afterARestart();
    Declared<DeploymentSpec, DeploymentStatus> wine = store().get(DEPLOYMENT, "wine").orElseThrow();
    assertThat(wine.status()).isEqualTo(Specs.wordy());
    assertThat(wine.deletionMark()).isTrue();
    kept(store().delete(DEPLOYMENT, "wine", ANY));
  }

  /// How long an image may be, found by trying.
  private int largest() throws StoreException {
    int good = 0;
    int bad = DeclaredStore.BYTES_MAX;
    while (bad - good > 1) {
      int middle = (good + bad) / 2;
      if (store().create(DEPLOYMENT, "tried", Specs.deployment("i".repeat(middle)))
          instanceof Written.Kept) {
        kept(store().delete(DEPLOYMENT, "tried", ANY));
        good = middle;
      } else {
        bad = middle;
      }
    }
    return good;
  }

  @Test
  default void whatCouldNotBeReadAgainIsNotKept() throws StoreException {
    Declared<DeploymentSpec, DeploymentStatus> wine = create("wine");
    for (Map<String, String> annotations :
        List.of(
            Map.of("\ud800", "a", "\ud801", "b"),
            Map.of("a", "\udfff"),
            Map.of("n".repeat(60_000), "a"))) {
      DeploymentSpec spec = Specs.annotated(annotations);

      Written.Refused<?, ?> refused =
          new Written.Refused<>(
              Written.Reason.UNREADABLE,
              "ModelDeployment could not be read again once it is kept:"
                  + " allowed=texts of whole characters");
      assertThat(store().create(DEPLOYMENT, "beer", spec)).isEqualTo(refused);
      assertThat(store().replace(DEPLOYMENT, "wine", spec, ANY)).isEqualTo(refused);
    }
    afterARestart();
    assertThat(store().list(DEPLOYMENT)).containsExactly(wine);
  }

  @Test
  default void everythingThatHappensIsAnEventOfItsKind() throws StoreException {
    create("wine");
    kept(store().updateStatus(DEPLOYMENT, "wine", Specs.ready(1), ANY));
    kept(store().replace(DEPLOYMENT, "wine", Specs.deployment("other"), ANY));
    kept(store().create(ROUTE, "r", Specs.route("/custom/r", "wine")));
    kept(store().replace(ROUTE, "r", Specs.route("/custom/s", "wine"), ANY));
    kept(store().mark(DEPLOYMENT, "wine", ANY));
    Declared<DeploymentSpec, DeploymentStatus> last = kept(store().delete(DEPLOYMENT, "wine", ANY));

    EventPage deployments = store().events(DEPLOYMENT, 0, 100);
    assertThat(words(deployments))
        .containsExactly(
            "ModelDeploymentCreated",
            "ModelDeploymentStatusUpdated",
            "ModelDeploymentUpdated",
            "ModelDeploymentDeletionMarkIsSet",
            "ModelDeploymentDeleted");
    assertThat(deployments.events().getLast().object()).isEqualTo(last);
    assertThat(deployments.cutOff()).isFalse();
    assertThat(words(store().events(ROUTE, 0, 100)))
        .containsExactly(
            "ModelRouteCreated", "ModelRouteCreated", "ModelRouteUpdate", "ModelRouteDeleted");
    assertThat(words(store().events(CONNECTION, 0, 100))).isEmpty();
  }

  @Test
  default void whoFollowsGoesOnWhereItWas() throws StoreException {
    List<String> followed = new ArrayList<>();
    long cursor = 0;
    for (String id : List.of("a", "b", "c", "d", "e")) {
      create(id);
      EventPage page = store().events(DEPLOYMENT, cursor, 1);
      page.events().forEach(event -> followed.add(event.object().id()));
      assertThat(page.cursor()).isGreaterThan(cursor);
      cursor = page.cursor();
    }

    assertThat(followed).containsExactly("a", "b", "c", "d", "e");
    assertThat(store().events(DEPLOYMENT, cursor, 1))
        .isEqualTo(new EventPage(List.of(), cursor, false));
  }

  @Test
  default void whoSubscribesLearnsWhatToLookAt() throws StoreException {
    create("wine");
    AtomicInteger wakes = new AtomicInteger();
    try (Changes changes = store().subscribe(wakes::incrementAndGet)) {
      assertThat(changes.take().everything()).isTrue();
      kept(store().replace(DEPLOYMENT, "wine", Specs.deployment("other"), ANY));
      kept(store().mark(DEPLOYMENT, "wine", ANY));
      kept(store().updateStatus(DEPLOYMENT, "wine", Specs.ready(1), ANY));
      assertThat(store().create(DEPLOYMENT, "wine", Specs.deployment("x")))
          .isInstanceOf(Written.Exists.class);

      assertThat(wakes).hasValue(1);
      assertThat(changes.take().refs()).containsExactly(new Changes.Ref(DEPLOYMENT, "wine"));
      kept(store().updateStatus(DEPLOYMENT, "wine", Specs.ready(2), ANY));
      assertThat(changes.take().isEmpty()).isTrue();
      String route = store().defaultRoute("wine").orElseThrow().id();
      kept(store().delete(DEPLOYMENT, "wine", ANY));
      assertThat(changes.take().refs())
          .containsExactlyInAnyOrder(
              new Changes.Ref(DEPLOYMENT, "wine"), new Changes.Ref(ROUTE, route));
      assertThat(wakes).hasValue(2);
    }
    create("beer");
    assertThat(wakes).hasValue(2);
  }

  @Test
  default void whoIsWokenFindsWhatIsNew() throws Exception {
    try (ExecutorService other = Executors.newVirtualThreadPerTaskExecutor()) {
      AtomicInteger found = new AtomicInteger();
      Callable<Boolean> look =
          () ->
              store().get(DEPLOYMENT, "wine").isPresent()
                  && store().defaultRoute("wine").isPresent();
      try (Changes changes =
          store().subscribe(() -> found.addAndGet(waited(other.submit(look)) ? 1 : 0))) {
        changes.take();
        create("wine");
      }
      assertThat(found).hasValue(1);
    }
  }

  @Test
  default void whoIsWokenMayWaitForWritesOfOthers() throws Exception {
    try (ExecutorService other = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Boolean> write =
          () ->
              store().create(ROUTE, "r", Specs.route("/custom/r", "wine")) instanceof Written.Kept;
      AtomicInteger written = new AtomicInteger();
      try (Changes changes =
          store().subscribe(() -> written.addAndGet(waited(other.submit(write)) ? 1 : 0))) {
        changes.take();
        create("wine");
      }
      assertThat(written).hasValue(1);
    }
  }

  @Test
  default void whoThrowsWhenWokenHarmsNobody() throws Exception {
    AtomicInteger wakes = new AtomicInteger();
    AtomicReference<Throwable> told = new AtomicReference<>();
    try (Changes bad =
            store()
                .subscribe(() -> {
                  throw new IllegalStateException("bad");
                });
        Changes good = store().subscribe(wakes::incrementAndGet)) {
      bad.take();
      good.take();
      Thread writer =
          Thread.ofPlatform()
              .uncaughtExceptionHandler((_, thrown) -> told.set(thrown))
              .start(() -> {
                try {
                  create("wine");
                  create("beer");
                } catch (StoreException e) {
                  throw new AssertionError(e);
                }
              });
      assertThat(writer.join(Duration.ofSeconds(30))).isTrue();

      assertThat(store().list(DEPLOYMENT)).hasSize(2);
      assertThat(wakes).hasValue(1);
      assertThat(good.take().refs()).hasSize(4);
      assertThat(bad.take().refs()).hasSize(4);
      assertThat(told.get()).hasMessage("bad");
    }
  }

  @Test
  default void aPageOfNoneIsRefused() {
    assertThatThrownBy(() -> store().events(DEPLOYMENT, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("limit: value=0, allowed=1 or more");
  }

  @Test
  default void ofManyWhoDeclareOneIdOneIsKept() throws Exception {
    List<Written<DeploymentSpec, DeploymentStatus>> all =
        together(8, i -> store().create(DEPLOYMENT, "wine", Specs.deployment("image" + i)));

    assertThat(all).filteredOn(each -> each instanceof Written.Kept).hasSize(1);
    assertThat(all).filteredOn(each -> each instanceof Written.Exists).hasSize(7);
    assertThat(store().list(ROUTE)).hasSize(1);
  }

  @Test
  default void noWriteOfManyWhoExpectAVersionIsLost() throws Exception {
    create("wine");
    together(
        4,
        _ -> {
          int done = 0;
          while (done < 10) {
            Declared<DeploymentSpec, DeploymentStatus> seen =
                store().get(DEPLOYMENT, "wine").orElseThrow();
            Written<DeploymentSpec, DeploymentStatus> written =
                store()
                    .updateStatus(
                        DEPLOYMENT,
                        "wine",
                        Specs.ready(seen.status().replicas() + 1),
                        OptionalLong.of(seen.version()));
            done += written instanceof Written.Kept ? 1 : 0;
          }
          return done;
        });

    assertThat(store().get(DEPLOYMENT, "wine").orElseThrow().status().replicas()).isEqualTo(40);
    assertThat(store().events(DEPLOYMENT, 0, 100).events())
        .extracting(DeclaredEvent::cursor)
        .hasSize(41)
        .isSorted();
  }

  private Declared<DeploymentSpec, DeploymentStatus> create(String id) throws StoreException {
    return kept(store().create(DEPLOYMENT, id, Specs.deployment("image")));
  }

  static <S, T> Declared<S, T> kept(Written<S, T> written) {
    if (written instanceof Written.Kept<S, T>(Declared<S, T> declared)) {
      return declared;
    }
    throw new AssertionError(written);
  }

  private static List<String> words(EventPage page) {
    return page.events().stream().map(DeclaredEvent::word).toList();
  }

  private static boolean waited(Future<Boolean> future) {
    try {
      return future.get(30, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /// What one of several does.
  interface Doing<R> {
    R run(int number) throws Exception;
  }

  private static <R> List<R> together(int count, Doing<R> doing) throws Exception {
    CountDownLatch start = new CountDownLatch(1);
    List<Future<R>> running = new ArrayList<>();
    List<R> results = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < count; i++) {
        int number = i;
        running.add(
            threads.submit(() -> {
              start.await();
              return doing.run(number);
            }));
      }
      start.countDown();
      for (Future<R> each : running) {
        results.add(each.get(60, TimeUnit.SECONDS));
      }
    }
    return results;
  }
}
