package dev.loopgate.extproc;

import static dev.loopgate.extproc.Shows.post;
import static dev.loopgate.extproc.Shows.request;
import static dev.loopgate.extproc.Shows.requestBody;
import static dev.loopgate.extproc.Shows.response;
import static dev.loopgate.extproc.Shows.responseBody;
import static dev.loopgate.extproc.Shows.responseTrailers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.fleet.Kept;
import dev.loopgate.testkit.GrpcBytes;
import io.envoyproxy.envoy.service.accesslog.v3.AccessLogServiceGrpc;
import io.envoyproxy.envoy.service.ext_proc.v3.ExternalProcessorGrpc;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingRequest;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Streams that no Envoy would send: ended, counted, and nothing else is disturbed.
class HostileStreamsIT {
  @TempDir Path directory;

  private Observed observed;

  @BeforeEach
  void open() throws IOException {
    observed = Observed.in(directory.resolve("usual"));
  }

  private void open(ObservationConfig config) throws Exception {
    observed.close();
    observed = new Observed(directory.resolve("bounded"), config, new Kept(true, 1 << 20, 1.0));
  }

  @AfterEach
  void close() throws InterruptedException {
    observed.close();
    assertThat(observed.failures()).isZero();
    assertThat(observed.streamsOpen()).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void messagesOutOfOrderEndTheirStreamAlone(boolean observer) throws Exception {
    EnvoyStream good = EnvoyStream.waiting(observed.channel());
    good.show(post("good"), requestBody("a", true));
    ProcessingRequest.Builder[][] bad = {
      {requestBody("a", false)},
      {responseBody("a", true)},
      {responseTrailers("a: b")},
      {ProcessingRequest.newBuilder()},
      {post("twice"), post("twice")},
      {post("answered twice"), response(false, ":status: 200"), response(false, ":status: 200")},
      {post("body first"), responseBody("a", true)},
      {post("trailers first"), responseTrailers("a: b")},
    };
    for (ProcessingRequest.Builder[] messages : bad) {
      EnvoyStream stream =
          observer
              ? EnvoyStream.observing(observed.channel())
              : EnvoyStream.waiting(observed.channel());
      stream.show(messages);
      assertThat(stream.awaitEnd()).isEqualTo(Status.Code.OK);
    }
    observed.awaitPassedOver(PassedOver.MALFORMED, bad.length);

    good.show(response(true, ":status: 200"));
    assertThat(good.awaitEnd()).isEqualTo(Status.Code.OK);
    assertThat(observed.await(5))
        .extracting(Observed.Seen::ending)
        .containsExactly(Ending.CUT, Ending.CUT, Ending.CUT, Ending.CUT, Ending.COMPLETE);
  }

  @Test
  void bytesThatAreNoMessageEndTheirStreamAlone() throws Exception {
    Random random = new Random(7);
    for (int i = 0; i < 200; i++) {
      byte[] bytes = new byte[1 + random.nextInt(200)];
      random.nextBytes(bytes);
      assertThat(sendRaw(ExternalProcessorGrpc.getProcessMethod(), bytes))
          .as("seed=7, round=%d", i)
          .isEqualTo(Status.Code.OK);
    }

    EnvoyStream good = EnvoyStream.waiting(observed.channel());
    good.show(post("good"), response(true, ":status: 200"));
    assertThat(good.awaitEnd()).isEqualTo(Status.Code.OK);
    observed.await(1);
  }

  @Test
  void aLogThatIsNoMessageEndsItsStreamAlone() throws Exception {
    EnvoyStream good = EnvoyStream.waiting(observed.channel());
    good.show(post("good"));
    byte[] bytes = {(byte) 0xff, (byte) 0xff, (byte) 0xff};

    for (int i = 1; i <= 3; i++) {
      assertThat(sendRaw(AccessLogServiceGrpc.getStreamAccessLogsMethod(), bytes))
          .isEqualTo(Status.Code.INVALID_ARGUMENT);
      observed.awaitLogged(LogUse.MALFORMED, i);
    }

    good.show(response(true, ":status: 200")); // over the same connection
    assertThat(good.awaitEnd()).isEqualTo(Status.Code.OK);
    assertThat(observed.await(1).getFirst().ending()).isEqualTo(Ending.COMPLETE);
  }

  @Test
  void moreExchangesThanMayBeFollowedArePassedOver() throws Exception {
    open(new ObservationConfig(1 << 20, 1, 1 << 20, Duration.ofHours(1), AccessLogMode.JOIN));
    EnvoyStream first = EnvoyStream.waiting(observed.channel());
    first.show(post("first"));

    EnvoyStream second = EnvoyStream.waiting(observed.channel());
    second.show(post("second"));

    assertThat(second.awaitEnd()).isEqualTo(Status.Code.OK);
    observed.awaitPassedOver(PassedOver.OVER_BOUNDS, 1);
    first.show(response(true, ":status: 200")).awaitEnd();
    EnvoyStream third = EnvoyStream.waiting(observed.channel());
    third.show(post("third"), response(true, ":status: 200")).awaitEnd();
    observed.await(2);
  }

  @Test
  void aHeadThatDoesNotFitIsPassedOverAndOneOfAnAnswerIsLeftOut() throws Exception {
    open(new ObservationConfig(1 << 20, 10, 10_000, Duration.ofHours(1), AccessLogMode.JOIN));
    EnvoyStream giant = EnvoyStream.observing(observed.channel());
    giant.show(post("giant", "x: " + "y".repeat(20_000)));
    assertThat(giant.awaitEnd()).isEqualTo(Status.Code.OK);
    observed.awaitPassedOver(PassedOver.OVER_BOUNDS, 1);

    EnvoyStream answer = EnvoyStream.observing(observed.channel());
    answer.show(post("answer"), response(true, ":status: 200", "x: " + "y".repeat(20_000)));
    assertThat(answer.awaitEnd()).isEqualTo(Status.Code.OK);

    assertThat(observed.await(1).getFirst().prediction().response().status()).isEqualTo(200);
    assertThat(observed.await(1).getFirst().prediction().response().headers()).isEmpty();
  }

  @Test
  void aStreamOfWhichNothingIsHeardIsTakenForOver() throws Exception {
    open(new ObservationConfig(1 << 20, 10, 1 << 20, Duration.ofMillis(1), AccessLogMode.JOIN));
    EnvoyStream silent = EnvoyStream.observing(observed.channel());
    silent.show(post("silent"));

    assertThat(silent.awaitEnd()).isEqualTo(Status.Code.OK);
    assertThat(observed.await(1).getFirst().ending()).isEqualTo(Ending.CUT);
  }

  @Test
  void aStatusThatIsNoneIsNoStatus() throws Exception {
    for (String status : new String[] {"", "abc", "99999999999", "-1", "0"}) {
      EnvoyStream stream = EnvoyStream.observing(observed.channel());
      stream.show(
          request(true, ":method: GET", ":path: /model/m/x", ":authority: a", "request-id: r"),
          response(true, ":status: " + status, "content-length: 99999999999999999999"));
      assertThat(stream.awaitEnd()).isEqualTo(Status.Code.OK);
    }
    assertThat(observed.await(5))
        .extracting(seen -> seen.prediction().response().status())
        .containsOnly(0);
  }

  private Status.Code sendRaw(MethodDescriptor<?, ?> service, byte[] bytes) throws Exception {
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.newBuilder(GrpcBytes.AS_THEY_ARE, GrpcBytes.AS_THEY_ARE)
            .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
            .setFullMethodName(service.getFullMethodName())
            .build();
    ClientCall<byte[], byte[]> call = observed.channel().newCall(method, CallOptions.DEFAULT);
    CompletableFuture<Status> ended = new CompletableFuture<>();
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            ended.complete(status);
          }
        },
        new Metadata());
    call.request(10);
    call.sendMessage(bytes);
    call.halfClose();
    return ended.get(20, TimeUnit.SECONDS).getCode();
  }
}
