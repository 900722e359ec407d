package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.capture.GrpcStatus;
import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.policy.Decision;
import dev.loopgate.policy.Policy;
import dev.loopgate.testkit.GrpcCaller;
import dev.loopgate.testkit.GrpcKind;
import dev.loopgate.testkit.GrpcModel;
import dev.loopgate.testkit.ManualTime;
import io.grpc.Status;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// The four kinds of gRPC calls, by gRPC's own client and server, to each ending: what one side
/// sends the other receives, and there is exactly one record, with the same messages and the same
/// status.
@ExtendWith(LeakFree.class)
@Timeout(60)
final class GrpcKindsIT {
  private static final int LARGE_BYTES = 8 << 20;
  private static final int KEPT_BYTES = 1 << 20;
  // The middle one is empty; the last is no text.
  private static final List<byte[]> QUESTIONS =
      List.of(bytes("a question"), bytes(""), new byte[] {0, -1, 13, 10, -128});
  private static final List<byte[]> ANSWERS =
      List.of(bytes("eine Antwort ✓"), bytes(""), new byte[] {-1, 0, 5, -2});

  private final KeepingLane lane = new KeepingLane();
  private final ManualTime time = ManualTime.at("2026-11-24T10:00:00Z");
  private final List<AutoCloseable> closing = new ArrayList<>();

  @TempDir private Path directory;

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : closing.reversed()) {
      each.close();
    }
    assertThat(lane.open()).isZero();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private GrpcModel model(GrpcModel.Play play) throws IOException {
    GrpcModel model = GrpcModel.start(play, ANSWERS);
    closing.add(model);
    return model;
  }

  private Proxy door(int port, @Nullable TlsFiles tls, @Nullable Policy policy) throws IOException {
    Model model =
        RealDoor.model("http://127.0.0.1:" + port, Protocol.H2C, true, KEPT_BYTES, Bounds.NONE);
    Proxy proxy =
        RealDoor.open(
            RealDoor.config(1, 1024, tls),
            model,
            lane,
            time,
            ProxyEvents.SILENT,
            Transport.best(),
            policy);
    closing.add(proxy);
    return proxy;
  }

  private GrpcCaller caller(Proxy proxy, @Nullable X509Certificate trusted) throws Exception {
    GrpcCaller caller = new GrpcCaller(proxy.address(), trusted);
    closing.add(caller);
    return caller;
  }

  private GrpcCaller caller(GrpcModel model) throws Exception {
    return caller(door(model.port(), null, null), null);
  }

  private KeepingLane.Kept onlyKept() throws InterruptedException {
    KeepingLane.Kept kept = lane.await(1).getFirst();
    assertThat(lane.kept()).hasSize(1);
    assertThat(kept.prediction().target().deployment()).isEqualTo("m");
    return kept;
  }

  private static List<byte[]> questionsOf(GrpcKind kind) {
    return kind.streamsRequests() ? QUESTIONS : QUESTIONS.subList(0, 1);
  }

  private static List<byte[]> answersOf(GrpcKind kind) {
    return kind.streamsAnswers() ? ANSWERS : ANSWERS.subList(0, 1);
  }

  private static void areEqual(List<byte[]> got, List<byte[]> meant) {
    assertThat(got.stream().map(each -> new String(each, ISO_8859_1)).toList())
        .isEqualTo(meant.stream().map(each -> new String(each, ISO_8859_1)).toList());
  }

  @ParameterizedTest
  @EnumSource
  void everyMessagePassesAndIsKept(GrpcKind kind) throws Exception {
    GrpcModel model = model(GrpcModel.Play.ANSWERS);
    GrpcCaller.Call call = caller(model).call(kind, "model-id", "m");

    call.send(questionsOf(kind)).halfClose();

    assertThat(call.await().getCode()).isEqualTo(Status.Code.OK);
    passed(kind, model, call);
    assertThat(onlyKept().prediction().grpc()).isEqualTo(new GrpcStatus(0, ""));
  }

  @ParameterizedTest
  @EnumSource
  void soTheyDoOverTls(GrpcKind kind) throws Exception {
    Certificates own = Certificates.make(directory, "door");
    TlsFiles files = new TlsFiles(directory.resolve("d.pem"), directory.resolve("d.key"), null);
    own.writeCertificate(files.certificate());
    own.writeKey(files.key());
    GrpcModel model = model(GrpcModel.Play.ANSWERS);
    GrpcCaller caller =
        caller(door(model.port(), files, null), (X509Certificate) own.certificate());

    GrpcCaller.Call call = caller.call(kind).send(questionsOf(kind)).halfClose();

    assertThat(call.await().getCode()).isEqualTo(Status.Code.OK);
    passed(kind, model, call);
    assertThat(onlyKept().prediction().grpc()).isEqualTo(new GrpcStatus(0, ""));
  }

  private void passed(GrpcKind kind, GrpcModel model, GrpcCaller.Call call) throws Exception {
    for (byte[] question : questionsOf(kind)) {
      assertThat(model.take()).isEqualTo(question);
    }
    areEqual(call.rest(), answersOf(kind));
    KeepingLane.Kept kept = onlyKept();
    assertThat(kept.ending()).isEqualTo(Ending.COMPLETE);
    assertThat(kept.status()).isEqualTo(200);
    assertThat(kept.requestText()).isEqualTo(GrpcKind.framed(questionsOf(kind)));
    assertThat(kept.responseText()).isEqualTo(GrpcKind.framed(answersOf(kind)));
    assertThat(kept.requestBody().truncated()).isFalse();
    assertThat(kept.responseBody().truncated()).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void anErrorHasItsMessageWhateverItsLetters(GrpcKind kind) throws Exception {
    GrpcModel model = model(GrpcModel.Play.FAILS);
    GrpcCaller.Call call = caller(model).call(kind).send(questionsOf(kind)).halfClose();

    Status status = call.await();

    String text = String.valueOf(GrpcModel.FAILURE.getDescription());
    assertThat(status.getCode()).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(status.getDescription()).isEqualTo(text);
    List<byte[]> answers = kind.streamsAnswers() ? ANSWERS : List.of();
    areEqual(call.rest(), answers);
    KeepingLane.Kept kept = onlyKept();
    assertThat(kept.ending()).isEqualTo(Ending.COMPLETE);
    assertThat(kept.prediction().grpc()).isEqualTo(new GrpcStatus(5, text));
    assertThat(kept.requestText()).isEqualTo(GrpcKind.framed(questionsOf(kind)));
    assertThat(kept.responseText()).isEqualTo(GrpcKind.framed(answers));
  }

  // A call in its middle: the model has what was sent, the caller what was answered so far. Of a
  // kind that streams its requests more could follow.
  private GrpcCaller.Call midway(GrpcKind kind, GrpcModel model, GrpcCaller.Call call)
      throws Exception {
    call.send(questionsOf(kind));
    if (!kind.streamsRequests()) {
      call.halfClose();
    }
    for (byte[] question : questionsOf(kind)) {
      assertThat(model.take()).isEqualTo(question);
    }
    if (kind.streamsAnswers()) {
      assertThat(call.next()).isEqualTo(ANSWERS.getFirst());
    }
    return call;
  }

  // What is kept of such a call.
  private KeepingLane.Kept keptMidway(GrpcKind kind, Ending ending) throws Exception {
    KeepingLane.Kept kept = onlyKept();
    assertThat(kept.ending()).isEqualTo(ending);
    assertThat(kept.requestText()).isEqualTo(GrpcKind.framed(questionsOf(kind)));
    assertThat(kept.requestBody().truncated()).isEqualTo(kind.streamsRequests());
    assertThat(kept.responseText())
        .isEqualTo(GrpcKind.framed(kind.streamsAnswers() ? ANSWERS.subList(0, 1) : List.of()));
    return kept;
  }

  @ParameterizedTest
  @EnumSource
  void whoCancelsMidwayHasLeft(GrpcKind kind) throws Exception {
    GrpcModel model = model(GrpcModel.Play.HANGS);
    GrpcCaller.Call call = midway(kind, model, caller(model).call(kind));

    call.cancel();

    assertThat(call.await().getCode()).isEqualTo(Status.Code.CANCELLED);
    assertThat(model.awaitCancelled()).as("the model knows, too").isTrue();
    assertThat(keptMidway(kind, Ending.CLIENT_LEFT).prediction().grpc()).isEqualTo(GrpcStatus.NONE);
  }

  @ParameterizedTest
  @EnumSource
  void aModelThatBreaksOffHasReset(GrpcKind kind) throws Exception {
    GrpcModel model = model(GrpcModel.Play.HANGS);
    GrpcCaller.Call call = midway(kind, model, caller(model).call(kind));

    model.breakOff();

    // One that has begun to answer can only be broken off; the others are told why.
    assertThat(call.await().getCode())
        .isEqualTo(kind.streamsAnswers() ? Status.Code.INTERNAL : Status.Code.UNAVAILABLE);
    assertThat(keptMidwayOrReplied(kind, Ending.MODEL_RESET).prediction().grpc().code())
        .isEqualTo(kind.streamsAnswers() ? -1 : 14);
  }

  @ParameterizedTest
  @EnumSource
  void aModelThatTakesTooLongIsATimeOut(GrpcKind kind) throws Exception {
    GrpcModel model = model(GrpcModel.Play.HANGS);
    GrpcCaller.Call call = midway(kind, model, caller(model).call(kind));

    time.advance(Duration.ofHours(2));

    assertThat(call.await().getCode())
        .isEqualTo(kind.streamsAnswers() ? Status.Code.INTERNAL : Status.Code.DEADLINE_EXCEEDED);
    assertThat(model.awaitCancelled()).isTrue();
    assertThat(keptMidwayOrReplied(kind, Ending.TIMED_OUT).prediction().grpc().code())
        .isEqualTo(kind.streamsAnswers() ? -1 : 4);
  }

  private KeepingLane.Kept keptMidwayOrReplied(GrpcKind kind, Ending ending) throws Exception {
    KeepingLane.Kept kept = keptMidway(kind, ending);
    assertThat(kept.status()).isEqualTo(200); // of gRPC, whatever the status is
    return kept;
  }

  // The client of its own accord sends a deadline only if it keeps it itself.
  @ParameterizedTest
  @EnumSource
  void aDeadlineReachesTheModelWhichKeepsIt(GrpcKind kind) throws Exception {
    GrpcModel model = model(GrpcModel.Play.HANGS);
    GrpcCaller.Call call = midway(kind, model, caller(model).call(kind, "grpc-timeout", "700m"));

    // Its server resets the stream, whose reason the caller knows better than we do.
    assertThat(call.await().getCode())
        .isEqualTo(kind.streamsAnswers() ? Status.Code.INTERNAL : Status.Code.UNAVAILABLE);
    assertThat(model.awaitCancelled()).isTrue();
    assertThat(keptMidwayOrReplied(kind, Ending.MODEL_RESET).prediction().grpc().code())
        .isEqualTo(kind.streamsAnswers() ? -1 : 14);
  }

  @ParameterizedTest
  @EnumSource
  void aDeadlineOfTheCallerEndsTheCallOnce(GrpcKind kind) throws Exception {
    GrpcModel model = model(GrpcModel.Play.HANGS);
    GrpcCaller.Call call = midway(kind, model, caller(model).within(kind, 700));

    // Both sides have the same deadline, and either may be the first to keep it.
    assertThat(call.await().getCode())
        .isIn(Status.Code.DEADLINE_EXCEEDED, Status.Code.UNAVAILABLE, Status.Code.INTERNAL);
    assertThat(model.awaitCancelled()).isTrue();
    assertThat(onlyKept().ending()).isIn(Ending.CLIENT_LEFT, Ending.MODEL_RESET, Ending.COMPLETE);
  }

  @ParameterizedTest
  @EnumSource
  void largeMessagesWaitWhereTheyAreUntilTheyAreTaken(GrpcKind kind) throws Exception {
    byte[] large = new byte[LARGE_BYTES];
    new SplittableRandom(7).nextBytes(large);
    byte[] answer = large.clone();
    Arrays.fill(answer, 0, 100, (byte) 7);
    List<byte[]> answers = List.of(answer, answer, answer);
    GrpcModel model = GrpcModel.startHeld(answers);
    closing.add(model);
    GrpcCaller.Call call = caller(model).held(kind).send(List.of(large)).halfClose();

    assertThat(call.isReady()).as("a model that takes nothing stops its caller").isFalse();
    model.goOn();
    assertThat(model.take()).isEqualTo(large);
    call.take(1);
    assertThat(call.next()).isEqualTo(answer);
    call.take(Integer.MAX_VALUE);

    assertThat(call.await().getCode()).isEqualTo(Status.Code.OK);
    int count = kind == GrpcKind.SERVER_STREAMING || kind == GrpcKind.BIDI ? answers.size() : 1;
    assertThat(call.rest()).hasSize(count - 1).allMatch(each -> Arrays.equals(each, answer));
    KeepingLane.Kept kept = onlyKept();
    assertThat(kept.ending()).isEqualTo(Ending.COMPLETE);
    assertThat(kept.prediction().grpc()).isEqualTo(new GrpcStatus(0, ""));
    assertThat(kept.requestBody().size()).isEqualTo(GrpcKind.framed(List.of(large)).length());
    assertThat(kept.responseBody().size())
        .isEqualTo((long) count * GrpcKind.framed(List.of(answer)).length());
    assertThat(kept.requestText())
        .isEqualTo(GrpcKind.framed(List.of(large)).substring(0, KEPT_BYTES));
    assertThat(kept.responseText())
        .isEqualTo(GrpcKind.framed(List.of(answer)).substring(0, KEPT_BYTES));
  }

  @ParameterizedTest
  @EnumSource
  void aModelThatIsDownIsUnavailable(GrpcKind kind) throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    GrpcCaller.Call call = caller(door(port, null, null), null).call(kind);

    call.send(questionsOf(kind)).halfClose();

    refused(call, Status.Code.UNAVAILABLE, "Model m can not be reached");
    KeepingLane.Kept kept = onlyKept();
    assertThat(kept.ending()).isEqualTo(Ending.MODEL_UNREACHABLE);
    assertThat(kept.prediction().grpc())
        .isEqualTo(new GrpcStatus(14, "Model m can not be reached"));
  }

  @ParameterizedTest
  @EnumSource
  void aModelThatIsNotThereIsUnimplementedAndLeavesNoRecord(GrpcKind kind) throws Exception {
    GrpcCaller.Call call = caller(model(GrpcModel.Play.ANSWERS)).call(kind, "model-id", "other");

    call.send(questionsOf(kind)).halfClose();

    Status status = call.await();
    assertThat(status.getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
    assertThat(call.hadHead()).isFalse();
    assertThat(lane.kept()).isEmpty();
  }

  static Stream<Arguments> refusals() {
    return Stream.of(
        Arguments.of(AskedPolicy.NO_TOKEN, Status.Code.UNAUTHENTICATED, 16),
        Arguments.of(AskedPolicy.BAD_TOKEN, Status.Code.UNAUTHENTICATED, 16),
        Arguments.of(AskedPolicy.FORBIDDEN, Status.Code.PERMISSION_DENIED, 7),
        Arguments.of(AskedPolicy.UNAVAILABLE, Status.Code.UNAVAILABLE, 14));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void whoMayNotIsToldByTheCode(Decision decision, Status.Code code, int number) throws Exception {
    AskedPolicy policy = new AskedPolicy();
    policy.atOnce = decision;
    GrpcModel model = model(GrpcModel.Play.ANSWERS);
    GrpcCaller caller = caller(door(model.port(), null, policy), null);

    for (GrpcKind kind : GrpcKind.values()) {
      GrpcCaller.Call call = caller.call(kind).send(questionsOf(kind)).halfClose();
      assertThat(call.await().getCode()).isEqualTo(code);
      assertThat(call.hadHead()).isFalse();
    }

    assertThat(lane.await(GrpcKind.values().length))
        .hasSize(GrpcKind.values().length)
        .allSatisfy(kept -> {
          assertThat(kept.ending()).isEqualTo(Ending.REJECTED);
          assertThat(kept.prediction().grpc().code()).isEqualTo(number);
        });
  }

  @Test
  void callsOfOneConnectionDoNotDisturbEachOther() throws Exception {
    GrpcModel model = model(GrpcModel.Play.ANSWERS);
    GrpcCaller caller = caller(model);
    List<GrpcKind> kinds = List.of(GrpcKind.values());
    List<GrpcCaller.Call> calls = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      GrpcKind kind = kinds.get(i % kinds.size());
      calls.add(caller.call(kind).send(questionsOf(kind)));
    }
    for (int i = 0; i < calls.size(); i++) {
      if (i % 5 == 0) {
        calls.get(i).cancel();
      } else {
        calls.get(i).halfClose();
      }
    }

    for (int i = 0; i < calls.size(); i++) {
      Status status = calls.get(i).await();
      assertThat(status.getCode())
          .as("call %s: %s", i, status)
          .isEqualTo(i % 5 == 0 ? Status.Code.CANCELLED : Status.Code.OK);
    }
    // A call that is cancelled before it was sent is none.
    assertThat(lane.await(160))
        .filteredOn(kept -> kept.ending() != Ending.CLIENT_LEFT)
        .hasSize(160)
        .allSatisfy(kept -> {
          assertThat(kept.ending()).isEqualTo(Ending.COMPLETE);
          assertThat(kept.prediction().grpc().code()).isZero();
        });
  }

  private static void refused(GrpcCaller.Call call, Status.Code code, String text)
      throws Exception {
    Status status = call.await();
    assertThat(status.getCode()).isEqualTo(code);
    assertThat(status.getDescription()).isEqualTo(text);
    assertThat(call.hadHead()).as("nothing but trailers").isFalse();
  }
}
