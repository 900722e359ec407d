package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.Random;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class PredictorTest {
  @ParameterizedTest
  @CsvSource({
    // no predictor: everything but GET and HEAD on health and metrics
    "NONE, POST, /predict, true",
    "NONE, GET, /predict, true",
    "NONE, GET, /, true",
    "NONE, DELETE, /x, true",
    "NONE, GET, /healthz, false",
    "NONE, HEAD, /healthz, false",
    "NONE, POST, /healthz, true",
    "NONE, GET, /healthcheck, false",
    "NONE, GET, /metrics, false",
    "NONE, GET, /metrics/x, true",
    "NONE, GET, /healthzz, true",
    "NONE, GET, /v2/health/live, false",
    "NONE, HEAD, /v2/health/ready, false",
    "NONE, GET, /v2/health, true",
    "NONE, get, /healthz, true",
    // .*/api/model/invoke.*, any method
    "ODAHU_ML_SERVER, POST, /api/model/invoke, true",
    "ODAHU_ML_SERVER, GET, /api/model/invoke, true",
    "ODAHU_ML_SERVER, POST, /x/api/model/invoke/y, true",
    "ODAHU_ML_SERVER, POST, /api/model/invokes, true",
    "ODAHU_ML_SERVER, GET, /api/model/info, false",
    "ODAHU_ML_SERVER, GET, /healthcheck, false",
    "ODAHU_ML_SERVER, POST, /, false",
    // .*/v2/models/.*/infer/?
    "TRITON, POST, /v2/models/a/infer, true",
    "TRITON, POST, /v2/models/a/infer/, true",
    "TRITON, POST, /v2/models/a/versions/1/infer, true",
    "TRITON, POST, /x/v2/models/a/infer, true",
    "TRITON, GET, /v2/models/a/infer, true",
    "TRITON, POST, /v2/models//infer, true",
    "TRITON, POST, /v2/models/infer, false",
    "TRITON, POST, /v2/models/a/infer//, false",
    "TRITON, POST, /v2/models/a/inference, false",
    "TRITON, POST, /v2/models/a/generate, false",
    "TRITON, GET, /v2/models/a, false",
    "TRITON, POST, /infer, false",
    "OPEN_INFERENCE, POST, /v2/models/a/infer, true",
    "OPEN_INFERENCE, POST, /inference.GRPCInferenceService/ModelInfer, true",
    "OPEN_INFERENCE, POST, /base/inference.GRPCInferenceService/ModelInfer, true",
    "TRITON, POST, /inference.GRPCInferenceService/ModelStreamInfer, true",
    "TRITON, POST, /inference.GRPCInferenceService/ModelReady, false",
    "TRITON, POST, /inference.GRPCInferenceService/ModelInfer/, false",
    "ODAHU_ML_SERVER, POST, /inference.GRPCInferenceService/ModelInfer, false",
    "OPEN_INFERENCE, GET, /v2/models/a/ready, false",
  })
  void capturesPredictionsOnly(Predictor predictor, String method, String path, boolean captured) {
    assertThat(predictor.captures(method, path)).isEqualTo(captured);
  }

  @ParameterizedTest
  @CsvSource({
    "NONE,,",
    "ODAHU_ML_SERVER, /healthcheck, /healthcheck",
    "TRITON, /v2/health/ready, /v2/health/live",
    "OPEN_INFERENCE, /v2/health/ready, /v2/health/live"
  })
  void knowsWhereServersSayThatTheyAreReadyAndThatTheyLive(
      Predictor predictor, @Nullable String ready, @Nullable String live) {
    assertThat(predictor.readyPath()).isEqualTo(ready);
    assertThat(predictor.livePath()).isEqualTo(live);
  }

  @Test
  void readsPathsAsTheContractsExpressionsDo() {
    Pattern invoke = Pattern.compile(".*/api/model/invoke.*", Pattern.DOTALL);
    Pattern infer = Pattern.compile(".*/v2/models/.*/infer/?", Pattern.DOTALL);
    String[] words = {"/", "/v2/models/", "v2/models", "/infer", "infer", "/api/model/invoke", "a"};
    Random random = new Random(42);

    for (int i = 0; i < 50_000; i++) {
      StringBuilder path = new StringBuilder();
      for (int part = random.nextInt(6); part >= 0; part--) {
        path.append(words[random.nextInt(words.length)]);
      }
      String asked = path.toString();
      assertThat(Predictor.TRITON.captures("POST", asked))
          .as("seed=42 path=%s", asked)
          .isEqualTo(infer.matcher(asked).matches());
      assertThat(Predictor.ODAHU_ML_SERVER.captures("POST", asked))
          .as("seed=42 path=%s", asked)
          .isEqualTo(invoke.matcher(asked).matches());
    }
  }

  @Test
  void aHostilePathCostsTheEventLoopNothing() {
    String hostile = "/v2/models/".repeat(200_000);

    // The expression itself would try every pair of beginnings: minutes.
    Assertions.assertTimeout(
        Duration.ofSeconds(5),
        () -> assertThat(Predictor.TRITON.captures("POST", hostile)).isFalse());
  }

  @ParameterizedTest
  @EnumSource
  void isFoundByItsWord(Predictor predictor) {
    assertThat(Predictor.ofWord(predictor.word())).isEqualTo(predictor);
  }

  @Test
  void anUnknownWordIsToldTheKnownOnes() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Predictor.ofWord("tensorflow"))
        .withMessage(
            "predictor: value=tensorflow, allowed=none, odahu-ml-server, triton, open-inference");
  }
}
