package dev.loopgate.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.loopgate.capture.Body;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.GrpcStatus;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.RequestHead;
import dev.loopgate.capture.RequestId;
import dev.loopgate.capture.ResponseHead;
import dev.loopgate.capture.Target;
import dev.loopgate.capture.Timing;
import java.util.List;

/// Entries as a busy gateway keeps them.
public final class Samples {
  private Samples() {}

  /// A prediction with heads of usual size and a JSON body of about `bytes` bytes each way.
  public static Prediction prediction(int bytes) {
    String numbers = "0.5,".repeat(Math.max(0, bytes - 20) / 4);
    Body body = Body.of(("{\"columns\":[],\"data\":[[" + numbers + "1]]}").getBytes(UTF_8));
    List<Header> headers =
        List.of(
            new Header("content-type", "application/json"),
            new Header("user-agent", "curl/8.5.0"),
            new Header("accept", "*/*"),
            new Header("x-forwarded-for", "10.0.0.1"));
    return new Prediction(
        new RequestId("0190163d-8694-739b-aea5-966c26f8ad91"),
        false,
        "",
        "",
        new Target("wine", "wine", "127.0.0.1:5000", new ModelIdentity("Wine", "1.0")),
        new RequestHead(
            "POST",
            "/api/model/invoke",
            "127.0.0.1:8080",
            "http",
            "/model/wine/api/model/invoke",
            "127.0.0.1:8080",
            headers),
        body,
        new ResponseHead(200, headers),
        body,
        Ending.COMPLETE,
        new Timing(1_798_106_400_000L, 1_798_106_400_002L, 2_000_000, 1_500_000, Timing.NONE),
        GrpcStatus.NONE);
  }
}
