package dev.loopgate.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.api.ApiFixture.Reply;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What happens to what is declared, as it happens.
final class WatchesTest {
  private final ApiFixture api = new ApiFixture();

  @AfterEach
  void close() {
    api.close();
  }

  /// A reader of one stream.
  private static final class Reader {
    private final ApiStream stream;
    private final Semaphore more = new Semaphore(0);
    private final StringBuilder text = new StringBuilder();

    Reader(Reply reply) {
      assertThat(reply.status()).as(reply.body()).isEqualTo(200);
      assertThat(reply.header("content-type")).isEqualTo("text/event-stream; charset=utf-8");
      stream = Objects.requireNonNull(reply.of().stream());
      stream.open(more::release);
    }

    String awaitText(String words) throws InterruptedException {
      while (text.indexOf(words) < 0) {
        assertThat(more.tryAcquire(20, TimeUnit.SECONDS)).as("%s in %s", words, text).isTrue();
        ByteBuffer piece = stream.take();
        if (piece != null) {
          text.append(UTF_8.decode(piece));
        }
      }
      return text.toString();
    }

    void awaitEnd() throws InterruptedException {
      while (!stream.isOver()) {
        assertThat(more.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
      }
    }
  }

  @Test
  void whoWatchesAllIsToldWhatComes() throws Exception {
    api.declareDeployment("before");
    Reader reader = new Reader(api.get(ApiFixture.DEPLOYMENTS + "?watch=true"));

    api.declareDeployment("wine");
    api.delete(ApiFixture.DEPLOYMENTS + "/wine");

    String text = reader.awaitText("event: ModelDeploymentDeletionMarkIsSet\n");
    assertThat(text)
        .doesNotContain("before")
        .matches("(?s)id: \\d+\nevent: ModelDeploymentCreated\ndata: \\{.*\"entityID\":\"wine\".*")
        .endsWith("}\n\n");
  }

  @Test
  void whoWatchesOneIsToldAllThatIsKnownOfItAndNothingElse() throws Exception {
    api.declareDeployment("wine");
    api.declareDeployment("other");
    Reader reader = new Reader(api.get(ApiFixture.DEPLOYMENTS + "/wine/events"));
    reader.awaitText("event: ModelDeploymentCreated\n");

    api.delete(ApiFixture.DEPLOYMENTS + "/other");
    api.delete(ApiFixture.DEPLOYMENTS + "/wine");

    assertThat(reader.awaitText("DeletionMarkIsSet")).doesNotContain("other");
  }

  @Test
  void whoComesAgainGoesOnWhereHeWas() throws Exception {
    api.declareDeployment("wine");
    Reader first = new Reader(api.get(ApiFixture.DEPLOYMENTS + "?watch=true&cursor=0"));
    String text = first.awaitText("Created");
    String last = text.substring(text.indexOf("id: ") + 4, text.indexOf('\n'));
    api.declareDeployment("next");

    Reader again =
        new Reader(
            api.send("GET " + ApiFixture.DEPLOYMENTS + "?watch=true", "last-event-id: " + last));

    assertThat(again.awaitText("next")).doesNotContain("\"wine\"");
  }

  @Test
  void noMoreWatchThanMayAndWhoLeavesMakesRoom() {
    List<ApiStream> watching = new ArrayList<>();
    for (int i = 0; i < Watches.WATCHES_MAX; i++) {
      Reply reply = api.get(ApiFixture.ROUTES + "?watch=true");
      watching.add(Objects.requireNonNull(reply.of().stream()));
    }
    assertThat(api.get(ApiFixture.ROUTES + "?watch=true").told()).isEqualTo("503 too many watch");

    watching.getFirst().close();

    assertThat(api.get(ApiFixture.ROUTES + "?watch=true").status()).isEqualTo(200);
  }

  @Test
  void whoWatchesIsLetGoWhenTheDoorCloses() throws Exception {
    Reader reader = new Reader(api.get(ApiFixture.CONNECTIONS + "?watch=true"));

    api.close();

    reader.awaitEnd();
    assertThat(api.told()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"watch=yes", "watch=true&watch=true", "watch=true&cursor=-1"})
  void whatCanNotBeWatchedIsRefused(String query) {
    assertThat(api.get(ApiFixture.DEPLOYMENTS + "?" + query).status()).isEqualTo(400);
    assertThat(api.get(ApiFixture.DEPLOYMENTS + "/nobody/events").status()).isEqualTo(404);
  }
}
