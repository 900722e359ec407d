package dev.loopgate.extproc;

import static dev.loopgate.extproc.EnvoyLog.authorized;
import static dev.loopgate.extproc.EnvoyLog.ended;
import static dev.loopgate.extproc.EnvoyLog.exchange;
import static dev.loopgate.extproc.Shows.post;
import static dev.loopgate.extproc.Shows.requestBody;
import static dev.loopgate.extproc.Shows.response;
import static dev.loopgate.extproc.Shows.responseBody;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.Header;
import dev.loopgate.extproc.Observed.Seen;
import dev.loopgate.fleet.Kept;
import io.envoyproxy.envoy.config.core.v3.RequestMethod;
import io.envoyproxy.envoy.data.accesslog.v3.AccessLogType;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPRequestProperties;
import io.envoyproxy.envoy.data.accesslog.v3.ResponseFlags;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingRequest;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What an Envoy logs beside what it shows, over real gRPC and a real spool.
class AccessLogIT {
  private static final ResponseFlags NO_FLAGS = ResponseFlags.getDefaultInstance();
  private static final ResponseFlags CALLER_LEFT =
      ResponseFlags.newBuilder().setDownstreamConnectionTermination(true).build();

  @TempDir Path directory;

  private Observed observed;
  private EnvoyLog log;

  @BeforeEach
  void open() throws IOException, InterruptedException {
    observed = observedIn("join", AccessLogMode.JOIN);
    log = EnvoyLog.open(observed.channel());
    listens();
  }

  private Observed observedIn(String name, AccessLogMode mode) throws IOException {
    return new Observed(
        directory.resolve(name), Observed.config(mode), new Kept(true, 1 << 20, 1.0));
  }

  private void listens() throws InterruptedException {
    log.tell(exchange("warm-up", "warm-up").setRequest(elsewhere()));
    observed.awaitLogged(LogUse.UNKNOWN_MODEL, 1); // it listens
    observed.advance(Duration.ofMinutes(1)); // what begins now is judged
  }

  @AfterEach
  void close() throws InterruptedException {
    log.close();
    observed.close();
    assertThat(observed.failures()).isZero();
    assertThat(observed.open()).isZero();
  }

  @Test
  void whatIsShownAndLoggedIsOneEntry() throws Exception {
    EnvoyStream.observing(observed.channel()).show(whole("a")).awaitEnd();
    log.tell(exchange("x-a", "a"));
    observed.awaitLogged(LogUse.JOINED, 1);

    assertThat(observed.await(1).getFirst().ending()).isEqualTo(Ending.COMPLETE);
    assertThat(observed.counts(EntryKind.ACCESS_LOG, "m").begun()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "200, downstream_remote_disconnect, client_left",
    "200, upstream_reset_after_response_started{connection_termination}, model_reset",
    "200, max_duration_timeout, timed_out",
    "200, stream_idle_timeout, timed_out",
  })
  void theLogTellsHowACutStreamEnded(int status, String details, String ending) throws Exception {
    EnvoyStream stream = EnvoyStream.observing(observed.channel());
    stream.show(
        post("a", "x-request-id: x-a"),
        requestBody("abc", true),
        response(false, ":status: 200"),
        responseBody("answ", false));
    log.tell(ended(exchange("x-a", "a"), status, details, CALLER_LEFT));

    assertThat(stream.awaitEnd()).isEqualTo(Status.Code.OK);
    Seen seen = observed.await(1).getFirst();
    assertThat(seen.ending().word()).isEqualTo(ending);
    assertThat(seen.responseText()).isEqualTo("answ");
    assertThat(seen.prediction().responseBody().truncated()).isTrue();
  }

  @Test
  void flagsTellWhereTheDetailsDoNot() throws Exception {
    EnvoyStream stream = EnvoyStream.observing(observed.channel());
    stream.show(post("a", "x-request-id: x-a"), requestBody("abc", false));
    log.tell(ended(exchange("x-a", "a"), 0, "", CALLER_LEFT));
    observed.awaitLogged(LogUse.JOINED, 1);
    observed.advance(Duration.ofSeconds(2));

    assertThat(stream.awaitEnd()).isEqualTo(Status.Code.OK);
    Seen seen = observed.await(1).getFirst();
    assertThat(seen.ending()).isEqualTo(Ending.CLIENT_LEFT);
    assertThat(seen.prediction().response().status()).isZero();
  }

  @Test
  void ofWhatIsShownNoMoreTheLogTellsHowMuchThereWas() throws Exception {
    EnvoyStream stream = EnvoyStream.observing(observed.channel());
    stream.show(post("a", "x-request-id: x-a"), requestBody("ab", false));
    stream.complete();
    log.tell(exchange("x-a", "a"));

    Seen seen = observed.await(1).getFirst();
    assertThat(seen.ending()).isEqualTo(Ending.COMPLETE);
    assertThat(seen.prediction().requestBody().size()).isEqualTo(3);
    assertThat(seen.prediction().requestBody().truncated()).isTrue();
    assertThat(seen.prediction().responseBody().size()).isEqualTo(4);
    assertThat(seen.prediction().responseBody().truncated()).isTrue();
  }

  @Test
  void howMuchThereWasOfAPackedAnswerIsNotWhatTheCallerGotOfItUnpacked() throws Exception {
    EnvoyStream stream = EnvoyStream.observing(observed.channel());
    stream.show(
        post("a", "x-request-id: x-a"),
        requestBody("abc", true),
        response(false, ":status: 200", "content-encoding: gzip"),
        responseBody("an", false));
    stream.complete();
    log.tell(ended(exchange("x-a", "a"), 200, "downstream_remote_disconnect", CALLER_LEFT));

    Seen seen = observed.await(1).getFirst();
    assertThat(seen.prediction().responseBody().size()).isEqualTo(2);
    assertThat(seen.prediction().responseBody().truncated()).isTrue();
  }

  @Test
  void aCutStreamsLastPiecesMayComeAfterItsLog() throws Exception {
    EnvoyStream stream = EnvoyStream.observing(observed.channel());
    stream.show(
        post("a", "x-request-id: x-a"), requestBody("abc", true), response(false, ":status: 200"));
    log.tell(ended(exchange("x-a", "a"), 200, "downstream_remote_disconnect", CALLER_LEFT));
    observed.awaitLogged(LogUse.JOINED, 1);
    stream.show(responseBody("an", false), responseBody("sw", false)).awaitEnd();

    assertThat(observed.await(1).getFirst().responseText()).isEqualTo("answ");
  }

  @Test
  void aWholeExchangeIsNotCutShortByItsLog() throws Exception {
    EnvoyStream stream = EnvoyStream.observing(observed.channel());
    stream.show(
        post("a", "x-request-id: x-a"), requestBody("abc", true), response(false, ":status: 200"));
    log.tell(exchange("x-a", "a"));
    observed.awaitLogged(LogUse.JOINED, 1);
    observed.advance(Duration.ofSeconds(30));
    stream.show(responseBody("answ", false), Shows.responseTrailers("grpc-status: 5")).awaitEnd();

    Seen seen = observed.await(1).getFirst();
    assertThat(seen.ending()).isEqualTo(Ending.COMPLETE);
    assertThat(seen.prediction().grpc().code()).isEqualTo(5);
  }

  @Test
  void anAnswerThatIsNotShownHasTheStatusOfTheLog() throws Exception {
    EnvoyStream stream = EnvoyStream.observing(observed.channel());
    stream.show(post("a", "x-request-id: x-a"), requestBody("abc", true));
    log.tell(
        ended(
            exchange("x-a", "a"),
            503,
            "upstream_reset_before_response_started{remote_connection_failure}",
            NO_FLAGS));
    observed.awaitLogged(LogUse.JOINED, 1);
    observed.advance(Duration.ofSeconds(2));
    stream.awaitEnd();

    Seen seen = observed.await(1).getFirst();
    assertThat(seen.ending()).isEqualTo(Ending.MODEL_UNREACHABLE);
    assertThat(seen.prediction().response().status()).isEqualTo(503);
  }

  @Test
  void whatWasNotShownIsAGapAndTheLogIsKept() throws Exception {
    var secret = exchange("x-a", "a");
    secret.getRequestBuilder().setPath("/model/m/predict?a=1&token=secret");
    log.tell(secret);
    log.tell(exchange("x-b", "b"), exchange("x-last", "last").setRequest(elsewhere()));
    observed.awaitLogged(LogUse.UNKNOWN_MODEL, 2); // both were read
    EnvoyStream.observing(observed.channel()).show(whole("b")).awaitEnd(); // late, and no gap
    observed.await(1);
    observed.advance(Joins.WINDOW.plusSeconds(1));
    observed.awaitLogged(LogUse.NOT_OBSERVED, 1);

    AccessRecord access = observed.awaitAccess(1).getFirst();
    assertThat(access.requestId().value()).isEqualTo("a");
    assertThat(access.externalRequestId()).isEqualTo("x-a");
    assertThat(access.request().uri()).isEqualTo("/model/m/predict?a=1&token=*****");
    assertThat(access.request().path()).isEqualTo("/predict?a=1&token=*****");
    assertThat(access.request().headers())
        .extracting(Header::name)
        .contains("user-agent", "request-id")
        .doesNotContain("authorization");
    assertThat(access.target().replica()).isEqualTo("10.0.0.7:8080");
    assertThat(access.target().attempts()).isEqualTo(1);
    assertThat(access.sizes()).isEqualTo(new AccessRecord.Sizes(3, 4));
    assertThat(access.timing().durationNanos()).isEqualTo(5_000_000);
    assertThat(dropped(EntryKind.PREDICTION)).isEqualTo(1);
    assertThat(observed.accepted()).isEqualTo(1);
  }

  @Test
  void whatBeganBeforeAnybodyListenedIsNoGap() throws Exception {
    var long_ = exchange("x-a", "a");
    long_.getCommonPropertiesBuilder().getDurationBuilder().setSeconds(3_600);
    log.tell(long_, exchange("x-last", "last").setRequest(elsewhere()));
    observed.awaitLogged(LogUse.UNKNOWN_MODEL, 2); // both were read
    observed.advance(Joins.WINDOW.plusSeconds(1));
    observed.awaitLogged(LogUse.UNJUDGED, 1);

    assertThat(observed.awaitAccess(1)).hasSize(1);
    assertThat(dropped(EntryKind.PREDICTION)).isZero();
  }

  @Test
  void whereNothingIsEverShownNothingIsAGap() throws Exception {
    log.tell(exchange("x-a", "a"), exchange("x-last", "last").setRequest(elsewhere()));
    observed.awaitLogged(LogUse.UNKNOWN_MODEL, 2); // both were read
    observed.advance(Joins.WINDOW.plusSeconds(1));
    observed.awaitLogged(LogUse.UNJUDGED, 1);

    assertThat(observed.awaitAccess(1)).hasSize(1);
    assertThat(dropped(EntryKind.PREDICTION)).isZero();
  }

  @Test
  void whatShareAnIdIsToldNothing() throws Exception {
    EnvoyStream first = EnvoyStream.observing(observed.channel());
    first.show(post("a", "x-request-id: same"), requestBody("abc", true));
    EnvoyStream second = EnvoyStream.observing(observed.channel());
    second.show(post("b", "x-request-id: same"), requestBody("abc", true));
    log.tell(ended(exchange("same", "a"), 0, "downstream_remote_disconnect", CALLER_LEFT));
    log.tell(ended(exchange("same", "b"), 0, "downstream_remote_disconnect", CALLER_LEFT));
    observed.awaitLogged(LogUse.JOINED, 2);
    observed.advance(Duration.ofSeconds(30));
    second.show(response(false, ":status: 200"), responseBody("answ", true)).awaitEnd();
    first.complete();

    assertThat(observed.await(2))
        .extracting(Seen::ending)
        .containsOnly(Ending.COMPLETE, Ending.CUT);
    assertThat(observed.counts(EntryKind.ACCESS_LOG, "m").begun()).isZero();
  }

  @Test
  void whatIsRefusedAboveIsAPrediction() throws Exception {
    var refused =
        authorized(ended(exchange("x-a", "sent"), 401, "ext_authz_denied", NO_FLAGS), "decided");
    refused.getCommonPropertiesBuilder().clearUpstreamRemoteAddress();
    EnvoyStream.observing(observed.channel())
        .show(response(false, ":status: 401"))
        .awaitEnd(); // as Envoy 1.37 shows it
    log.tell(refused, exchange("x-last", "last").setRequest(elsewhere()));
    observed.awaitLogged(LogUse.UNKNOWN_MODEL, 2); // both were read
    observed.advance(Joins.WINDOW.plusSeconds(1));

    Seen seen = observed.await(1).getFirst();
    assertThat(seen.ending()).isEqualTo(Ending.REJECTED);
    assertThat(seen.prediction().requestId().value()).isEqualTo("decided");
    assertThat(seen.prediction().response().status()).isEqualTo(401);
    assertThat(seen.prediction().requestBody().size()).isEqualTo(3);
    assertThat(seen.prediction().requestBody().truncated()).isTrue();
    observed.awaitPassedOver(PassedOver.ANSWERED_BEFORE, 1);
  }

  @ParameterizedTest
  @CsvSource({"POST, true", "GET, false"})
  void ofARequestWhoseBodyWasNotTakenNobodyKnowsThatItIsWhole(RequestMethod method, boolean cut)
      throws Exception {
    var refused = ended(exchange("x-a", "a"), 413, "request_payload_too_large", NO_FLAGS);
    refused.getCommonPropertiesBuilder().clearUpstreamRemoteAddress();
    refused.getRequestBuilder().setRequestMethod(method).setRequestBodyBytes(0);
    log.tell(refused, exchange("x-last", "last").setRequest(elsewhere()));
    observed.awaitLogged(LogUse.UNKNOWN_MODEL, 2); // both were read
    observed.advance(Joins.WINDOW.plusSeconds(1));

    Seen seen = observed.await(1).getFirst();
    assertThat(seen.ending()).isEqualTo(Ending.REJECTED);
    assertThat(seen.prediction().requestBody().truncated()).isEqualTo(cut);
    assertThat(observed.counts(EntryKind.ACCESS_LOG, "m").begun()).isZero();
  }

  // The log's first stream is opened by its first entry.
  @Test
  void whatEndedBeforeAnEnvoyLoggedHereIsOneEntry() throws Exception {
    Observed other = observedIn("before", AccessLogMode.JOIN);
    try {
      EnvoyStream.observing(other.channel())
          .show(post("a", "x-request-id: x-a"), response(true, ":status: 413"))
          .awaitEnd();
      var refused = ended(exchange("x-a", "a"), 413, "request_payload_too_large", NO_FLAGS);
      refused.getCommonPropertiesBuilder().clearUpstreamRemoteAddress();
      EnvoyLog first = EnvoyLog.open(other.channel());
      first.tell(refused);
      other.awaitLogged(LogUse.JOINED, 1);
      other.advance(Joins.WINDOW.plusSeconds(1));

      assertThat(other.await(1)).hasSize(1);
      assertThat(other.counts(EntryKind.PREDICTION, "m").begun()).isEqualTo(1);
      assertThat(other.counts(EntryKind.ACCESS_LOG, "m").begun()).isZero();
      first.close();
    } finally {
      other.close();
    }
  }

  @Test
  void anOverloadedEnvoyRefusesBeforeItHasAnId() throws Exception {
    log.tell(overloaded("", ""));

    Seen seen = observed.await(1).getFirst(); // at once: nothing will show it
    assertThat(seen.ending()).isEqualTo(Ending.REJECTED);
    assertThat(seen.prediction().response().status()).isEqualTo(503);
    assertThat(observed.counts(EntryKind.ACCESS_LOG, "m").begun()).isZero();
  }

  @Test
  void whatTheRouterOfAnOverloadedEnvoyRefusesIsShownAndOneEntry() throws Exception {
    log.tell(overloaded("x-late", "m"), exchange("x-last", "last").setRequest(elsewhere()));
    observed.awaitLogged(LogUse.UNKNOWN_MODEL, 2); // both were read
    EnvoyStream stream = EnvoyStream.observing(observed.channel());
    stream.show(post("a", "x-request-id: x-late"), response(true, ":status: 503")).awaitEnd();

    assertThat(observed.await(1)).hasSize(1);
    observed.advance(Duration.ofSeconds(30));
    assertThat(observed.counts(EntryKind.PREDICTION, "m").begun()).isEqualTo(1);
  }

  @Test
  void whatAnOverloadedEnvoyRefusesIsNotTheEndOfTheNextTry() throws Exception {
    EnvoyStream stream = EnvoyStream.observing(observed.channel());
    stream.show(post("a", "x-request-id: x-again"), requestBody("abc", true));
    log.tell(overloaded("x-again", ""), exchange("x-last", "last").setRequest(elsewhere()));
    observed.awaitLogged(LogUse.UNKNOWN_MODEL, 2); // both were read
    stream.show(response(false, ":status: 200"), responseBody("answ", true)).awaitEnd();

    assertThat(observed.await(2))
        .extracting(Seen::ending)
        .containsExactlyInAnyOrder(Ending.COMPLETE, Ending.REJECTED);
  }

  private static HTTPAccessLogEntry.Builder overloaded(String externalId, String cluster) {
    var refused = ended(exchange(externalId, "a"), 503, "overload", NO_FLAGS);
    refused.getCommonPropertiesBuilder().setUpstreamCluster(cluster).clearUpstreamRemoteAddress();
    return refused;
  }

  @Test
  void whatIsRefusedElsewhereUnderTheSameIdIsNobodyElsesEnd() throws Exception {
    EnvoyStream stream = EnvoyStream.observing(observed.channel());
    stream.show(post("a", "x-request-id: same"), requestBody("abc", true));
    var elsewhere = ended(exchange("same", "b"), 401, "ext_authz_denied", NO_FLAGS);
    elsewhere.getCommonPropertiesBuilder().clearUpstreamRemoteAddress();
    elsewhere.getRequestBuilder().setPath("/model/m/other");
    log.tell(elsewhere, exchange("x-last", "last").setRequest(elsewhere()));
    observed.awaitLogged(LogUse.UNKNOWN_MODEL, 2); // both were read
    observed.advance(Duration.ofSeconds(30));
    observed.awaitLogged(LogUse.REFUSED, 1);
    stream.show(response(false, ":status: 200"), responseBody("answ", true)).awaitEnd();

    assertThat(observed.await(2))
        .extracting(Seen::ending)
        .containsExactlyInAnyOrder(Ending.COMPLETE, Ending.REJECTED);
  }

  @Test
  void aTryThatWasRefusedIsNotTheEndOfTheNextOne() throws Exception {
    EnvoyStream stream = EnvoyStream.observing(observed.channel());
    stream.show(post("a", "x-request-id: x-a"), requestBody("abc", true));
    var refused = ended(exchange("x-a", "a"), 401, "ext_authz_denied", NO_FLAGS);
    refused.getCommonPropertiesBuilder().clearUpstreamRemoteAddress();
    log.tell(refused);
    observed.awaitLogged(LogUse.JOINED, 1);
    observed.advance(Duration.ofSeconds(2));
    stream.show(response(false, ":status: 200"), responseBody("answ", true)).awaitEnd();
    log.tell(exchange("x-a", "a"));
    observed.awaitLogged(LogUse.JOINED, 2);
    observed.advance(Joins.WINDOW.plusSeconds(1));
    observed.awaitLogged(LogUse.REFUSED, 1);

    assertThat(observed.await(2))
        .extracting(Seen::ending)
        .containsExactlyInAnyOrder(Ending.COMPLETE, Ending.REJECTED);
    assertThat(dropped(EntryKind.PREDICTION)).isZero();
  }

  @Test
  void whatIsLetGoIsCountedOnceThoughEnvoyGoesOn() throws Exception {
    EnvoyStream stream = EnvoyStream.observing(observed.channel());
    stream.show(post("a", "x-request-id: x-a"), responseBody("no head before", false)).awaitEnd();
    observed.advance(Duration.ofMinutes(1));
    observed.awaitPassedOver(PassedOver.MALFORMED, 1);
    var longer = exchange("x-a", "a");
    longer.getCommonPropertiesBuilder().getDurationBuilder().setSeconds(60);
    log.tell(longer, exchange("x-last", "last").setRequest(elsewhere()));
    observed.awaitLogged(LogUse.UNKNOWN_MODEL, 2); // both were read
    observed.advance(Joins.WINDOW.plusSeconds(1));

    observed.await(1);
    assertThat(observed.counts(EntryKind.PREDICTION, "m").begun()).isEqualTo(1);
  }

  @Test
  void whatWasLoggedBeforeCutsNothingShort() throws Exception {
    log.tell(
        ended(exchange("x-a", "a"), 400, "http1.codec_error", NO_FLAGS),
        exchange("x-last", "last").setRequest(elsewhere()));
    observed.awaitLogged(LogUse.UNKNOWN_MODEL, 2); // both were read
    EnvoyStream stream = EnvoyStream.observing(observed.channel());
    stream.show(post("a", "x-request-id: x-a"), requestBody("abc", true));
    observed.awaitLogged(LogUse.JOINED, 1);
    observed.advance(Duration.ofSeconds(30));
    stream.show(response(false, ":status: 200"), responseBody("answ", true)).awaitEnd();

    Seen seen = observed.await(1).getFirst();
    assertThat(seen.ending()).isEqualTo(Ending.COMPLETE);
    assertThat(seen.responseText()).isEqualTo("answ");
    observed.advance(Joins.WINDOW.plusSeconds(1));
    assertThat(observed.awaitAccess(1).getFirst().response().status()).isEqualTo(400);
  }

  @Test
  void whatEnvoyAnswersBeforeAnyFilterIsNoGap() throws Exception {
    var malformed = ended(exchange("x-a", "a"), 400, "http1.codec_error", NO_FLAGS);
    malformed.getCommonPropertiesBuilder().clearUpstreamRemoteAddress();
    log.tell(malformed, exchange("x-last", "last").setRequest(elsewhere()));
    observed.awaitLogged(LogUse.UNKNOWN_MODEL, 2); // both were read
    observed.advance(Joins.WINDOW.plusSeconds(1));
    observed.awaitLogged(LogUse.UNJUDGED, 1);

    assertThat(dropped(EntryKind.PREDICTION)).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aRedirectThatEnvoyFollowsIsOneExchange(boolean firstEndsFirst) throws Exception {
    EnvoyStream first = EnvoyStream.observing(observed.channel());
    first.show(post("a", "x-request-id: x-a"), requestBody("", true));
    EnvoyStream second = EnvoyStream.observing(observed.channel());
    second.show(
        post(
            "a",
            "x-request-id: x-a",
            "x-envoy-original-url: http://door.example/model/m/predict?a=1"));
    log.tell(ended(exchange("x-a", "a"), 302, "internal_redirect", NO_FLAGS));
    observed.awaitLogged(LogUse.NOT_FINAL, 1);
    if (firstEndsFirst) {
      first.complete();
      first.awaitEnd();
    }
    second.show(response(false, ":status: 200"), responseBody("answ", true)).awaitEnd();
    if (!firstEndsFirst) {
      first.complete();
      first.awaitEnd();
    }
    log.tell(exchange("x-a", "a"));
    observed.awaitLogged(LogUse.JOINED, 1);

    assertThat(observed.await(1).getFirst().ending()).isEqualTo(Ending.COMPLETE);
    assertThat(observed.counts(EntryKind.PREDICTION, "m").begun()).isEqualTo(1);
  }

  @Test
  void whatOnlyLooksLikeARedirectIsTwoExchanges() throws Exception {
    EnvoyStream first = EnvoyStream.observing(observed.channel());
    first.show(post("a", "x-request-id: x-a"), requestBody("", true));
    EnvoyStream second = EnvoyStream.observing(observed.channel());
    second.show(
        post("a", "x-request-id: x-a", "x-envoy-original-url: http://h/model/m/predict?a=1"),
        response(false, ":status: 200"),
        responseBody("two", true));
    first.show(response(false, ":status: 200"), responseBody("one", true)).awaitEnd();

    assertThat(observed.await(2)).extracting(Seen::responseText).containsOnly("one", "two");
    assertThat(observed.counts(EntryKind.PREDICTION, "m").begun()).isEqualTo(2);
  }

  @Test
  void howOftenEnvoyTriedIsPartOfTheEntry() throws Exception {
    EnvoyStream.observing(observed.channel())
        .show(
            post("a", "x-request-id: x-a"),
            requestBody("abc", true),
            Shows.with(response(false, ":status: 200"), "upstream.request_attempt_count", 3),
            responseBody("answ", true))
        .awaitEnd();

    assertThat(observed.await(1).getFirst().prediction().target().attempts()).isEqualTo(3);
  }

  @Test
  void keptAloneEachIsAnEntryOfItsOwn() throws Exception {
    close();
    observed = observedIn("keep", AccessLogMode.KEEP);
    log = EnvoyLog.open(observed.channel());
    listens();
    EnvoyStream.observing(observed.channel()).show(whole("a")).awaitEnd();
    var periodic = exchange("x-b", "b");
    periodic.getCommonPropertiesBuilder().setAccessLogType(AccessLogType.DownstreamPeriodic);
    var own = exchange("x-c", "c");
    own.getCommonPropertiesBuilder().setUpstreamCluster(AccessLog.OWN_CLUSTER);
    log.tell(exchange("x-a", "a"), periodic, own, exchange("x-b", "b"));
    log.tell(EnvoyLog.connection("127.0.0.1", 1));
    log.tell(EnvoyLog.connection("127.0.0.1", 2));
    observed.awaitLogged(LogUse.UNKNOWN_MODEL, 2);

    assertThat(observed.awaitAccess(3))
        .extracting(access -> access.told().protocol() + access.sizes().request())
        .containsExactly("HTTP/1.13", "HTTP/1.13", "TCP11");
    assertThat(observed.await(1)).hasSize(1);
    observed.awaitLogged(LogUse.NOT_FINAL, 1);
    observed.awaitLogged(LogUse.OWN, 1);
  }

  @Test
  void aStreamThatDoesNotSayWhoItIsIsRefused() throws Exception {
    EnvoyLog nameless = EnvoyLog.nameless(observed.channel());
    nameless.tell(exchange("x-a", "a"));

    assertThat(nameless.awaitEnd()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    observed.awaitLogged(LogUse.MALFORMED, 1);
  }

  @Test
  void aStopEndsTheLogAndKeepsWhatWaits() throws Exception {
    log.tell(exchange("x-a", "a"));
    log.tell(exchange("x-b", "b").setRequest(elsewhere()));
    observed.awaitLogged(LogUse.UNKNOWN_MODEL, 2); // both were read
    observed.service().stop();

    assertThat(log.awaitEnd()).isEqualTo(Status.Code.OK);
    assertThat(observed.awaitAccess(1).getFirst().requestId().value()).isEqualTo("a");
    assertThat(dropped(EntryKind.PREDICTION)).isZero();
  }

  private long dropped(EntryKind kind) {
    return observed.counts(kind, "m").dropped().get(DropReason.NOT_OBSERVED.number());
  }

  private static HTTPRequestProperties elsewhere() {
    return HTTPRequestProperties.newBuilder().setPath("/").build();
  }

  private static ProcessingRequest.Builder[] whole(String id) {
    return new ProcessingRequest.Builder[] {
      post(id, "x-request-id: x-" + id),
      requestBody("abc", true),
      response(false, ":status: 200"),
      responseBody("answ", true)
    };
  }
}
