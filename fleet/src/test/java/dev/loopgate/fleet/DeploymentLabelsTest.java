package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// On a server of several models the path decides (contract section 2).
final class DeploymentLabelsTest {
  @ParameterizedTest
  @CsvSource({
    "/v2/models/wine/infer,                  wine,  3",
    "/v2/models/wine/versions/9/infer,       wine,  9",
    "/v2/models/beer/infer,                  beer,  unknown",
    "/v2/models/beer/infer/,                 beer,  unknown",
    "/v2/models/beer/versions/2/infer,       beer,  2",
    "/base/v2/models/beer/versions/2/infer,  beer,  2",
    "/v2/models/b%20r/infer,                 b r,   unknown",
    "/v2/models/a+b/infer,                   a+b,   unknown",
    "/v2/models/%zz/infer,                   %zz,   unknown",
    "/v2/models/%0A/infer,                   wine,  3",
    "/v2/models//infer,                      wine,  3",
    "/v2/models/beer/versions//infer,        wine,  3",
    "/v2/models/beer/ready,                  wine,  3",
    "/v2/models/beer/infer/x,                wine,  3",
    "/else,                                  wine,  3",
  })
  void thePathNamesOneOfTheServersModels(String path, String name, String version) {
    Deployment server = server(Predictor.OPEN_INFERENCE, null, null);

    server.succeededAt(path);

    assertThat(server.labelsAt(path)).isEqualTo(new Deployment.Labels(name, version));
  }

  @Test
  void aModelThatNeverAnsweredIsNoneOfTheServers() {
    Deployment server = server(Predictor.TRITON, null, null);

    assertThat(server.labelsAt("/v2/models/ghost/infer").name()).isEqualTo("wine");
  }

  @Test
  void aVersionThatNeverAnsweredIsNoneOfTheModels() {
    Deployment server = server(Predictor.TRITON, null, null);
    server.succeededAt("/v2/models/beer/infer");

    assertThat(server.labelsAt("/v2/models/beer/versions/8/infer"))
        .isEqualTo(new Deployment.Labels("beer", "unknown"));
    assertThat(server.labelsAt("/v2/models/wine/versions/8/infer"))
        .isEqualTo(new Deployment.Labels("wine", "3"));
  }

  @Test
  void whatItIsCalledIsWhatItsAnswersSay() {
    Deployment server = server(Predictor.TRITON, null, null);
    server.succeededAt("/v2/models/beer/versions/2/infer");

    assertThat(server.isCalled("beer")).isTrue();
    assertThat(server.isCalled("beer", "2")).isTrue();
    assertThat(server.isCalled("beer", "unknown")).isTrue();
    assertThat(server.isCalled("beer", "9")).isFalse();
    assertThat(server.isCalled("wine", "3")).isTrue();
    assertThat(server.isCalled("wine", "4")).isFalse();
    assertThat(server.isCalled("ghost")).isFalse();
  }

  @Test
  void whatIsConfiguredHoldsForAll() {
    Deployment named = server(Predictor.TRITON, "income", null);
    named.succeededAt("/v2/models/beer/versions/2/infer");
    Deployment versioned = server(Predictor.TRITON, null, "1.1");
    versioned.succeededAt("/v2/models/beer/versions/2/infer");

    assertThat(named.labelsAt("/v2/models/beer/versions/2/infer"))
        .isEqualTo(new Deployment.Labels("income", "3"));
    assertThat(versioned.labelsAt("/v2/models/beer/versions/2/infer"))
        .isEqualTo(new Deployment.Labels("beer", "1.1"));
  }

  @Test
  void otherServersHaveOneModel() {
    Deployment server = server(Predictor.NONE, null, null);
    server.succeededAt("/v2/models/beer/infer");

    assertThat(server.labelsAt("/v2/models/beer/infer").name()).isEqualTo("wine");
  }

  @Test
  void noMoreNamesAreKeptThanTheBound() {
    Deployment server = server(Predictor.TRITON, null, null);
    for (int i = 0; i < 2000; i++) {
      server.succeededAt("/v2/models/m" + i + "/infer");
    }

    assertThat(server.labelsAt("/v2/models/m1023/infer").name()).isEqualTo("m1023");
    assertThat(server.labelsAt("/v2/models/m1024/infer").name()).isEqualTo("wine");
  }

  @Test
  void whatWasLearnedHoldsAcrossAnotherConfigurationOfTheSameServer() {
    Deployment before = server(Predictor.TRITON, null, null);
    before.succeededAt("/v2/models/beer/infer");

    Deployment after = new Deployment(before.model(), before);

    assertThat(after.labelsAt("/v2/models/beer/infer").name()).isEqualTo("beer");
  }

  private static Deployment server(
      Predictor predictor, @Nullable String name, @Nullable String version) {
    Upstream upstream =
        new Upstream(
            List.of(new Replica(URI.create("http://127.0.0.1:1"))),
            Protocol.HTTP1,
            false,
            ServerTrust.DEFAULT);
    Kept kept = new Kept(true, 1, 1.0);
    Deployment made =
        new Deployment(
            new Model("m", upstream, predictor, "/model/m", name, version, kept, Bounds.NONE));
    made.discover("wine", "3");
    return made;
  }
}
