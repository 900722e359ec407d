package dev.loopgate.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.api.ApiFixture.Reply;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Waiting for a state, waking, and what servers printed.
final class WaitingDoorTest {
  private static final String WINE = ApiFixture.DEPLOYMENTS + "/wine";

  private final ApiFixture api = new ApiFixture();

  @AfterEach
  void close() {
    api.close();
  }

  private void observe(DeploymentStatus.State state) throws Exception {
    DeploymentStatus status = new DeploymentStatus(state, "", "", 0, 0, null, "", "", null, "");
    api.store.updateStatus(Kind.DEPLOYMENT, "wine", status, OptionalLong.empty());
  }

  @Test
  void whoWaitsIsAnsweredWhenItIsSo() throws Exception {
    api.declareDeployment("wine");
    CompletableFuture<Reply> waiting = api.begin("GET " + WINE + "?wait=Ready");
    observe(DeploymentStatus.State.PROCESSING);
    assertThat(api.get(WINE + "?wait=Processing").status()).isEqualTo(200);
    assertThat(waiting).isNotDone();

    observe(DeploymentStatus.State.READY);

    Reply reply = ApiFixture.await(waiting);
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.json().at("/status/state").asText()).isEqualTo("Ready");
  }

  @Test
  void afterTheTimeoutItIsShownAsItIs() {
    api.declareDeployment("wine");

    Reply reply = api.get(WINE + "?wait=Ready&timeout=0");

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.json().at("/status/state").asText()).isNotEqualTo("Ready");
  }

  @Test
  void whoWaitsForWhatGoesIsToldThatItIsGone() throws Exception {
    api.declareDeployment("wine");
    CompletableFuture<Reply> waiting = api.begin("GET " + WINE + "?wait=Ready");

    api.store.delete(Kind.DEPLOYMENT, "wine", OptionalLong.empty());

    assertThat(ApiFixture.await(waiting).told()).isEqualTo("404 entity \"wine\" is not found");
  }

  @Test
  void whoWaitsWhileTheGatewayLeavesIsToldWhatIs() {
    api.declareDeployment("wine");
    CompletableFuture<Reply> waiting = api.begin("GET " + WINE + "?wait=Ready");

    api.door().leave();

    assertThat(ApiFixture.await(waiting).status()).isEqualTo(200);
    assertThat(api.get(WINE + "?wait=Ready").status()).as("at once").isEqualTo(200);
  }

  @Test
  void noMoreWaitThanMayAndTheOthersAreStillServed() {
    api.declareDeployment("wine");
    List<CompletableFuture<Reply>> waiting = new ArrayList<>();
    for (int i = 0; i <= StateWait.WAITING_MAX; i++) {
      waiting.add(api.begin("GET " + WINE + "?wait=Ready"));
    }

    Reply refused =
        ApiFixture.await(
            CompletableFuture.anyOf(waiting.toArray(CompletableFuture[]::new))
                .thenApply(Reply.class::cast));
    assertThat(refused.told()).isEqualTo("503 too many requests wait");
    assertThat(api.get(WINE).status()).isEqualTo(200);

    api.close();
    assertThat(waiting).allSatisfy(each -> ApiFixture.await(each));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"wait=ready", "wait=Ready&timeout=26", "wait=Ready&wait=Ready", "timeout=-1"})
  void whatCanNotBeWaitedForIsRefused(String query) {
    api.declareDeployment("wine");

    assertThat(api.get(WINE + "?" + query).status()).isEqualTo(400);
  }

  @Test
  void aConnectionHasNoState() {
    assertThat(api.get(ApiFixture.CONNECTIONS + "/x?wait=Ready").told())
        .isEqualTo("400 cannot find wait url parameter");
  }

  @Test
  void wakingIsForWhoeverRunsIt() {
    api.declareDeployment("wine");

    assertThat(api.post(WINE + ":wake", "").json().path("id").asText()).isEqualTo("wine");
    assertThat(api.told()).containsExactly("wake wine");
    assertThat(api.post(ApiFixture.DEPLOYMENTS + "/other:wake", "").status()).isEqualTo(404);
    assertThat(api.told()).containsExactly("wake wine");
  }

  @Test
  void whatTheConfigurationHasIsNotDeclaredToo() {
    String configured = ApiFixture.deployment("configured", "");

    assertThat(api.post(ApiFixture.DEPLOYMENTS, configured).told())
        .isEqualTo("403 access forbidden: a model of the configuration has the ID configured");
    assertThat(api.get(ApiFixture.DEPLOYMENTS).json()).isEmpty();
  }

  @Test
  void theLastOfTheLogIsText() {
    api.declareDeployment("wine");

    Reply all = api.get(WINE + "/logs");
    assertThat(all.body()).isEqualTo("words of wine");
    assertThat(all.header("content-type")).isEqualTo("text/plain; charset=utf-8");
    assertThat(api.get(WINE + "/logs?bytes=4").body()).isEqualTo("wine");
    assertThat(api.get(WINE + "/logs?bytes=1048577").status()).isEqualTo(400);
    assertThat(api.get(ApiFixture.DEPLOYMENTS + "/other/logs").status()).isEqualTo(404);
  }
}
