package dev.loopgate.tidy;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.lang.ArchRule;
import dev.loopgate.capture.CaptureLimits;
import dev.loopgate.fleet.Kept;
import java.net.URI;
import java.net.URLDecoder;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// What a POM cannot say of the classes of `main`.
final class CodeRulesTest {
  private static final Set<String> BLOCKING =
      Set.of(
          "java.lang.Thread.join",
          "java.lang.Object.wait",
          "java.util.concurrent.Future.get",
          "java.util.concurrent.CompletableFuture.get",
          "java.util.concurrent.CompletableFuture.join",
          "java.util.concurrent.CountDownLatch.await",
          "java.util.concurrent.Semaphore.acquire",
          "java.util.concurrent.BlockingQueue.take",
          "java.util.concurrent.BlockingQueue.put",
          "java.net.InetAddress.getByName",
          "java.net.InetAddress.getAllByName");
  private static final Pattern NETTY_WAITS = Pattern.compile("(await|sync)(Uninterruptibly)?|get");

  /// The room's start and stop, on the thread of `main`; and who resolves names on a thread for
  /// that.
  private static final Set<String> MAY_BLOCK =
      Set.of(
          "dev.loopgate.proxy.Proxy", "dev.loopgate.proxy.ModelResolver", "dev.loopgate.proxy.Tls");

  @Test
  void timeIsAnArgument() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage("dev.loopgate..")
            .and()
            .resideOutsideOfPackages(
                "dev.loopgate.app..",
                "dev.loopgate..jmh_generated..",
                "dev.loopgate.benchmarks..", // measures time itself
                "dev.loopgate.examples..", // a program of its own: knows nothing of ours
                "dev.loopgate.testkit..") // waits, bounded, for real processes and sockets
            .should()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(Instant.class, "now")
            .orShould()
            .callMethod(Clock.class, "systemUTC")
            .orShould()
            .callMethod(Clock.class, "systemDefaultZone")
            .orShould()
            .callMethod(InstantSource.class, "system")
            .because("time is an argument, so that tests own it"));
  }

  @Test
  void nobodySleeps() {
    check(
        noClasses()
            .should()
            .callMethodWhere(
                calls("Thread.sleep", call -> isCall(call, "java.lang.Thread", "sleep")))
            .because("a sleep is too short or too long: wait for the condition"));
  }

  @Test
  void captureIsPure() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dev.loopgate.capture..")
            .should()
            .dependOnClassesThat(
                resideInAnyPackage("io.netty..", "io.grpc..", "java.nio.file..", "java.net..")
                    .and(not(type(URLDecoder.class))))
            .orShould()
            .dependOnClassesThat()
            .resideInAnyPackage("java.nio.channels..", "org.slf4j..", "java.util.logging..")
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(Thread.class)
            .because("capture takes bytes and times and returns values"));
  }

  @Test
  void fleetHoldsNoSocketsOrFiles() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dev.loopgate.fleet..")
            .should()
            .dependOnClassesThat(
                resideInAnyPackage(
                        "io.netty..", "io.grpc..", "java.nio.file..", "java.io..", "java.net..")
                    .and(not(type(URI.class))))
            .because("fleet says where models answer, others go there"));
  }

  @Test
  void theSpoolHasNoNetwork() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dev.loopgate.spool..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.netty..", "io.grpc..", "java.net..")
            .because("what is durable on this machine needs nobody else"));
  }

  @Test
  void nettyStaysInTheProxy() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackages("dev.loopgate.proxy..", "dev.loopgate.testkit..")
            .and()
            .haveSimpleNameNotStartingWith("EnvoyDoor") // gRPC's, which shows no buffer
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.netty..")
            .because("Netty's buffers never leave the room they arrived in"));
  }

  @Test
  void theProxyKnowsNoLoggerAndNoMeter() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dev.loopgate.proxy..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "org.slf4j..",
                "java.util.logging..",
                "io.prometheus..",
                "io.netty.util.internal.logging..",
                "io.netty.handler.logging..")
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(System.Logger.class)
            .because("the proxy tells ProxyEvents; app binds them to metrics and log"));
  }

  @Test
  void theProxyTakesNoLock() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dev.loopgate.proxy..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.util.concurrent.locks..")
            .because(
                "no lock is taken on the serving path (SourcesTest looks for `synchronized`)"));
  }

  @Test
  void nothingBlocksAnEventLoop() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dev.loopgate.proxy..")
            .and(
                DescribedPredicate.describe(
                    "do so on an event loop", type -> !MAY_BLOCK.contains(outermost(type))))
            .should()
            .callMethodWhere(calls("a blocking method", CodeRulesTest::blocks))
            .because("every other exchange of the loop would wait with this one"));
  }

  @Test
  void onlyTheEdgeReadsTheEnvironmentAndPrints() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage("dev.loopgate..")
            .and()
            .resideOutsideOfPackages(
                "dev.loopgate.app..",
                "dev.loopgate.cli..",
                "dev.loopgate.examples..",
                "dev.loopgate.benchmarks..",
                "dev.loopgate.testkit..")
            .should()
            .callMethod(System.class, "getenv")
            .orShould()
            .callMethod(System.class, "getenv", String.class)
            .orShould()
            .callMethod(System.class, "exit", int.class)
            .orShould()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err")
            .because("a room gets its own record, and tells its events"));
  }

  @Test
  void staticsAreConstants() {
    check(
        fields()
            .that()
            .areDeclaredInClassesThat(ours())
            .and()
            .areStatic()
            .should()
            .beFinal()
            .because("a mutable static is shared by tests and threads that do not know it"));
  }

  @Test
  void namesAreNouns() {
    check(
        noClasses()
            .that(ours())
            .should()
            .haveNameMatching(".*[.$](\\w*(Manager|Utils?|Impl|Common|Helper)|(Abstract|Base)\\w+)")
            .because("such a name says that nobody knew what the class is"));
  }

  @Test
  void noClassOfOursExtendsOneOfOurs() {
    List<String> heirs =
        Bytecode.OURS.stream()
            .filter(ours())
            .filter(type -> type.getRawSuperclass().map(ours()::test).orElse(false))
            .filter(type -> !isConstantOfAnEnum(type))
            .map(type -> type.getName() + " extends " + type.getRawSuperclass().orElseThrow())
            .toList();

    assertThat(heirs).isEmpty();
  }

  @Test
  void theFleetBoundsBodiesAsTheCaptureDoes() {
    assertThat(Kept.BODY_BYTES_MAX).isEqualTo(CaptureLimits.BYTES_MAX);
  }

  private static void check(ArchRule rule) {
    rule.check(Bytecode.OURS);
  }

  /// What we wrote: not what protoc did.
  private static DescribedPredicate<JavaClass> ours() {
    return resideInAnyPackage("dev.loopgate..")
        .and(not(resideInAnyPackage("dev.loopgate.proto..", "..jmh_generated..")));
  }

  private static boolean isConstantOfAnEnum(JavaClass type) {
    return type.getRawSuperclass().map(JavaClass::isEnum).orElse(false);
  }

  private static String outermost(JavaClass type) {
    int nested = type.getName().indexOf('$');
    return nested < 0 ? type.getName() : type.getName().substring(0, nested);
  }

  private static DescribedPredicate<JavaMethodCall> calls(
      String what, Predicate<JavaMethodCall> test) {
    return DescribedPredicate.describe("calls " + what, test);
  }

  private static boolean isCall(JavaAccess<?> call, String owner, String name) {
    AccessTarget target = call.getTarget();
    return target.getOwner().getName().equals(owner) && target.getName().equals(name);
  }

  private static boolean blocks(JavaMethodCall call) {
    AccessTarget.MethodCallTarget target = call.getTarget();
    String owner = target.getOwner().getName();
    if (BLOCKING.contains(owner + "." + target.getName())) {
      return true;
    }
    return target.getOwner().isAssignableTo("io.netty.util.concurrent.Future")
        && NETTY_WAITS.matcher(target.getName()).matches();
  }
}
