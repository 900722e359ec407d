package dev.loopgate.policy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ModelPathsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/model/info",
        "/api/model/invoke",
        "/api/model/invoke/",
        "/api/model/invoke/x",
        "/base/api/model/invoke",
        "/api/model/%69nvoke"
      })
  void anOdahuServerIsAskedForInfoAndInvoke(String path) {
    onlyGetAndPost(ModelPaths.ODAHU_ML_SERVER, path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/api/model",
        "/api/model/information",
        "/API/model/invoke",
        "/admin",
        "/v2/models/m/infer",
        "/api/model%2finvoke"
      })
  void andForNothingElse(String path) {
    notAtAll(ModelPaths.ODAHU_ML_SERVER, path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v2",
        "/v2/",
        "/v2/models/m",
        "/v2/models/m/",
        "/v2/models/m/ready",
        "/v2/models/m/config",
        "/v2/models/m/stats",
        "/v2/models/m/versions/1",
        "/v2/models/m/versions/1/ready",
        "/v2/models/m/infer",
        "/v2/models/m/infer/",
        "/v2/models/m/versions/1/infer",
        "/v2/models/m%2Dn/infer",
        "/base/v2/models/m/infer",
        "/v2/repository/index",
        "/v2/health/live",
        "/inference.GRPCInferenceService/ModelInfer",
        "/inference.GRPCInferenceService/ModelStreamInfer",
        "/inference.GRPCInferenceService/ServerLive",
        "/inference.GRPCInferenceService/RepositoryIndex",
        "/grpc.health.v1.Health/Check"
      })
  void anInferenceServerIsAskedForInfoAndInfer(String path) {
    onlyGetAndPost(ModelPaths.OPEN_INFERENCE, path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/v1/models/m:predict",
        "/v2/models",
        "/v2/models/m/trace/setting",
        "/v2/models/m/generate",
        "/v2/repository/models/m/load",
        "/v2/repository/models/m/unload",
        "/v2/repository/index/x",
        "/v2/systemsharedmemory/region/r/register",
        "/v2/logging",
        "/api/model/invoke",
        "/inference.GRPCInferenceService/RepositoryModelLoad",
        "/inference.GRPCInferenceService/RepositoryModelUnload",
        "/inference.GRPCInferenceService/",
        "/inference.GRPCInferenceService/ModelInfer/",
        "/other.Service/ModelInfer",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
      })
  void andNotForWhatManagesIt(String path) {
    notAtAll(ModelPaths.OPEN_INFERENCE, path);
  }

  // Each of them is some server's way to another path.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x/api/model/invoke/v2/models/m/infer",
        "/v2/models/../repository/models/m/load/api/model/invoke/infer",
        "/v2/models/%2e%2e/api/model/invoke/infer",
        "/v2/models/./api/model/invoke/infer",
        "/v2/models//api/model/invoke/infer",
        "/v2/models/..;/api/model/invoke/infer",
        "/v2/models/m;x/api/model/invoke/infer",
        "/v2/models/m%2fx/api/model/invoke/infer",
        "/v2/models/m%5cx/api/model/invoke/infer",
        "/v2/models/m\\x/api/model/invoke/infer",
        "/v2/models/m%252e/api/model/invoke/infer",
        "/v2/models/m%/api/model/invoke/infer",
        "/v2/models/m%00/api/model/invoke/infer",
        "/v2/models/m/api/model/invoke/infer/..",
        "/v2/models/m/api/model/invoke/infer/."
      })
  void whatMayMeanTwoThingsIsNotAllowed(String path) {
    notAtAll(ModelPaths.ODAHU_ML_SERVER, path);
    notAtAll(ModelPaths.OPEN_INFERENCE, path);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "", "/x/../y", "/x;y", "/api/model/invoke"})
  void ofAServerThatIsNotKnownNothingIsForbidden(String path) {
    for (String method : new String[] {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "x"}) {
      assertThat(ModelPaths.ALL.allow(method, path)).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  @Timeout(10)
  void aLongPathIsReadInNoTime(ModelPaths paths) {
    String path = "/v2/models/" + "versions/".repeat(6000) + "v2/models/".repeat(6000);
    assertThat(paths.allow("GET", path)).isEqualTo(paths == ModelPaths.ALL);
  }

  private static void onlyGetAndPost(ModelPaths paths, String path) {
    for (String method : new String[] {"GET", "POST"}) {
      assertThat(paths.allow(method, path)).as("%s %s", method, path).isTrue();
    }
    for (String method : new String[] {"PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "get"}) {
      assertThat(paths.allow(method, path)).as("%s %s", method, path).isFalse();
    }
  }

  private static void notAtAll(ModelPaths paths, String path) {
    assertThat(paths.allow("GET", path)).as(path).isFalse();
    assertThat(paths.allow("POST", path)).as(path).isFalse();
  }
}
