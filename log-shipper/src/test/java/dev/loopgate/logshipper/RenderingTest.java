package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.luben.zstd.Zstd;
import dev.loopgate.capture.Body;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.GrpcStatus;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.RequestHead;
import dev.loopgate.capture.RequestId;
import dev.loopgate.capture.ResponseHead;
import dev.loopgate.capture.Target;
import dev.loopgate.capture.Timing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

final class RenderingTest {
  private static final long TIME = 1_576_572_400_000L; // 2019-12-17 08:46:40 +0000

  private static Prediction prediction(List<Header> headers, Body request, Body response) {
    return prediction("", headers, request, response);
  }

  private static Prediction prediction(
      String traceId, List<Header> headers, Body request, Body response) {
    return new Prediction(
        new RequestId("6fa1f636"),
        false,
        "",
        traceId,
        new Target("wine", "wine", "127.0.0.1:5000", new ModelIdentity("test-e2e-wine", "1.0")),
        new RequestHead(
            "POST", "/api/model/invoke", "h:1", "http", "/model/x/api/model/invoke", "h", headers),
        request,
        new ResponseHead(200, List.of(new Header("content-type", "text/plain"))),
        response,
        Ending.COMPLETE,
        new Timing(TIME - 12, TIME + 345, 12_345_678, 7_000_000, Timing.NONE),
        GrpcStatus.NONE);
  }

  private static Prediction grpc(Body response, GrpcStatus status, long gapMaxNanos) {
    Prediction plain =
        prediction(
            List.of(new Header("content-type", "application/grpc+proto")), Body.EMPTY, response);
    return new Prediction(
        plain.requestId(),
        false,
        "",
        "",
        plain.target(),
        plain.request(),
        plain.requestBody(),
        plain.response(),
        plain.responseBody(),
        Ending.COMPLETE,
        new Timing(TIME, TIME, 5_000_000, 3_000_000, gapMaxNanos),
        status);
  }

  private static Body body(byte[] bytes, boolean truncated, String encoding) {
    return new Body(List.of(ByteBuffer.wrap(bytes)), bytes.length, truncated, encoding);
  }

  @Test
  void aCallOfGrpcHasItsStatusAndItsMessagesAsBytes() throws IOException {
    GrpcStatus status = new GrpcStatus(5, "no such \"model\"");
    Prediction call = grpc(text("\0\0\0\0\1x"), status, 1_500_000);

    JsonNode line = Json.trees().readTree(requestLine(call));

    assertThat(line.path("grpc_status").intValue()).isEqualTo(5);
    assertThat(line.path("grpc_message").asText()).isEqualTo("no such \"model\"");
    assertThat(line.path("gap_max_ms").doubleValue()).isEqualTo(1.5);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    JsonWriter json = new JsonWriter(out, 64);
    new Rendering(1 << 20).responseBody(call, json);
    json.flush();
    JsonNode body = Json.trees().readTree(out.toString(StandardCharsets.UTF_8));
    assertThat(body.path("encoding").asText()).isEqualTo("base64");
    assertThat(body.path("response_content").asText()).isEqualTo("AAAAAAF4");
    line = Json.trees().readTree(requestLine(grpc(Body.EMPTY, GrpcStatus.NONE, Timing.NONE)));
    assertThat(line.has("grpc_status") || line.has("grpc_message") || line.has("gap_max_ms"))
        .isFalse();
  }

  private static Body text(String text) {
    return Body.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String requestLine(Prediction prediction) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    JsonWriter json = new JsonWriter(out, 64); // lines are far larger than the buffer
    new Rendering(1 << 20).requestResponse(prediction, json);
    json.flush();
    return out.toString(StandardCharsets.UTF_8);
  }

  private static JsonNode responseNode(Body body) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    JsonWriter json = new JsonWriter(out, 64);
    new Rendering(1 << 20).responseBody(prediction(List.of(), Body.EMPTY, body), json);
    json.flush();
    String line = out.toString(StandardCharsets.UTF_8);
    assertThat(line).endsWith("\n").doesNotContain("\r");
    assertThat(line.indexOf('\n')).isEqualTo(line.length() - 1);
    return Json.trees().readTree(line);
  }

  @Test
  void rendersTheLineOfTheContract() throws IOException {
    String line =
        requestLine(
            prediction(
                List.of(
                    new Header("accept", "a"),
                    new Header("x", "\u00e9\"\\\t"),
                    new Header("accept", "b")),
                text("{\"columns\": [\"alcohol\"]}"),
                text("ok")));

    assertThat(line)
        .isEqualTo(
            """
            {"request_id":"6fa1f636","model_name":"test-e2e-wine","model_version":"1.0",\
            "request_http_method":"POST","request_uri":"/model/x/api/model/invoke",\
            "request_host":"h","request_http_headers":{":method":"POST",\
            ":path":"/api/model/invoke",":authority":"h:1",":scheme":"http",\
            "accept":"a, b","x":"\u00e9\\"\\\\\\t"},\
            "request_content":"{\\"columns\\": [\\"alcohol\\"]}","size":24,"truncated":false,\
            "response_status":"200","response_http_headers":{":status":"200",\
            "content-type":"text/plain"},"time":"2019-12-17 08:46:40 +0000",\
            "start_time":"2019-12-17 08:46:39.988 +0000","duration_ms":12.345,\
            "first_byte_ms":7.000,"response_size":2,"ending":"complete","route":"wine",\
            "deployment":"wine","replica":"127.0.0.1:5000","request_id_replaced":false}
            """);
  }

  @Test
  void namesTheTraceWhereThereIsOne() throws IOException {
    String id = "4bf92f3577b34da6a3ce929d0e0e4736";

    String line = requestLine(prediction(id, List.of(), Body.EMPTY, Body.EMPTY));
    String without = requestLine(prediction(List.of(), Body.EMPTY, Body.EMPTY));

    assertThat(Json.trees().readTree(line).path("trace_id").textValue()).isEqualTo(id);
    assertThat(without).doesNotContain("trace_id");
  }

  @Test
  void joinsManyHeadersAsItJoinsFew() throws IOException {
    List<Header> headers = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      headers.add(new Header("h" + i % 3, "v" + i));
    }

    JsonNode many = Json.trees().readTree(requestLine(prediction(headers, Body.EMPTY, Body.EMPTY)));

    assertThat(many.at("/request_http_headers/h0").textValue()).startsWith("v0, v3, v6");
  }

  @Test
  void feedbackCarriesItsPayloadAsWritten() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    JsonWriter json = new JsonWriter(out, 64);
    new Rendering(1 << 20)
        .feedback(
            new Feedback(
                new RequestId("id"),
                new ModelIdentity("m", "1"),
                TIME,
                "{\"json\":{\"n\":9007199254740993,\"d\":0.10}}",
                "key"),
            json);
    json.flush();

    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            """
            {"request_id":"id","model_name":"m","model_version":"1",\
            "payload":{"json":{"n":9007199254740993,"d":0.10}},\
            "time":"2019-12-17 08:46:40 +0000","idempotency_key":"key"}
            """);
  }

  @Test
  void anAccessLogsLineSaysWhatEnvoyDid() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    JsonWriter json = new JsonWriter(out, 64);
    new Rendering(1 << 20).accessLog(FakeLog.access("id", "m", "1", TIME), json);
    json.flush();

    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            """
            {"request_id":"id","model_name":"m","model_version":"1","request_http_method":"POST",\
            "request_uri":"/x","request_host":"h","request_http_headers":{":method":"POST",\
            ":path":"/x",":authority":"h",":scheme":"http","accept":"*/*"},"request_size":2,\
            "response_status":"504","response_http_headers":{":status":"504"},"response_size":24,\
            "time":"2019-12-17 08:46:40 +0000","start_time":"2019-12-17 08:46:39.995 +0000",\
            "duration_ms":5.000,"ending":"timed_out","route":"wine","deployment":"wine",\
            "replica":"127.0.0.1:5000","attempts":3,"request_id_replaced":false,\
            "x_request_id":"x-id","protocol":"HTTP/1.1","response_code_details":"response_timeout",\
            "response_flags":"upstream_request_timeout"}
            """);
  }

  @Test
  void textStaysTextWhereverItIsCut() throws IOException {
    byte[] text = "a\u00e9\u20ac\ud83d\ude00\u2028\u0001\n".getBytes(StandardCharsets.UTF_8);
    for (int cut = 0; cut <= text.length; cut++) {
      JsonNode node = responseNode(body(Arrays.copyOf(text, cut), true, ""));

      assertThat(node.has("encoding")).as("cut=%d", cut).isFalse();
      assertThat(new String(text, StandardCharsets.UTF_8))
          .as("cut=%d", cut)
          .startsWith(node.get("response_content").textValue());
    }
  }

  @Test
  void whatIsNoTextIsBase64() throws IOException {
    Random random = new Random(3);
    for (int i = 0; i < 2_000; i++) {
      byte[] bytes = new byte[random.nextInt(12)];
      random.nextBytes(bytes);
      boolean isText =
          Arrays.equals(
              new String(bytes, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8), bytes);

      JsonNode node = responseNode(Body.of(bytes));

      assertThat(node.has("encoding")).isNotEqualTo(isText);
      byte[] back =
          isText
              ? node.get("response_content").textValue().getBytes(StandardCharsets.UTF_8)
              : Base64.getDecoder().decode(node.get("response_content").textValue());
      assertThat(back).isEqualTo(bytes);
    }
  }

  @Test
  void takesContentEncodingsOff() throws IOException {
    byte[] text = "hello, hello, hello".getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream deflated = new ByteArrayOutputStream();
    try (DeflaterOutputStream out = new DeflaterOutputStream(deflated)) {
      out.write(text);
    }

    assertThat(decoded(gzip(text), "gzip")).isEqualTo("hello, hello, hello");
    assertThat(decoded(deflated.toByteArray(), "deflate")).isEqualTo("hello, hello, hello");
    assertThat(decoded(Zstd.compress(text), "zstd")).isEqualTo("hello, hello, hello");
    assertThat(decoded(gzip(gzip(text)), "gzip, GZIP")).isEqualTo("hello, hello, hello");
    // RFC 7932: the shortest stream of "a" by a stored meta-block.
    assertThat(decoded(new byte[] {0x0b, 0x00, (byte) 0x80, 0x61, 0x03}, "br")).isEqualTo("a");
  }

  private static String decoded(byte[] wire, String encoding) throws IOException {
    JsonNode node = responseNode(body(wire, false, encoding));
    assertThat(node.get("content_encoding").textValue()).isEqualTo(encoding);
    assertThat(node.get("size").longValue()).isEqualTo(wire.length);
    assertThat(node.has("decoding")).isFalse();
    return node.get("response_content").textValue();
  }

  @Test
  void keepsTheWireWhereDecodingFails() throws IOException {
    byte[] zeros = gzip(new byte[2 << 20]);

    assertThat(failed(zeros, "gzip")).isEqualTo("too_large");
    assertThat(failed(new byte[] {1, 2, 3}, "gzip")).isEqualTo("corrupt");
    assertThat(failed(Arrays.copyOf(zeros, zeros.length - 9), "gzip")).isNotEmpty();
    assertThat(failed(new byte[] {1}, "br")).isEqualTo("corrupt");
    assertThat(failed(new byte[] {1, 2, 3}, "zstd")).isEqualTo("corrupt");
    assertThat(failed(new byte[] {1}, "compress")).isEqualTo("unsupported");
  }

  private static String failed(byte[] wire, String encoding) throws IOException {
    JsonNode node = responseNode(body(wire, false, encoding));
    assertThat(Base64.getDecoder().decode(node.get("response_content").textValue()))
        .isEqualTo(wire);
    assertThat(node.get("encoding").textValue()).isEqualTo("base64");
    return node.get("decoding").textValue();
  }

  @Test
  void keepsWhatDecodesOfACutStream() throws IOException {
    StringBuilder text = new StringBuilder();
    Random random = new Random(5);
    for (int i = 0; i < 5_000; i++) {
      text.append(random.nextInt(100_000)).append(' ');
    }
    byte[] wire = gzip(text.toString().getBytes(StandardCharsets.UTF_8));
    for (int cut = 0; cut < wire.length; cut += 97) {
      JsonNode node = responseNode(body(Arrays.copyOf(wire, cut), true, "gzip"));

      assertThat(node.has("decoding")).as("cut=%d", cut).isFalse();
      assertThat(text.toString()).startsWith(node.get("response_content").textValue());
      assertThat(node.get("response_content").textValue().length())
          .as("cut=%d", cut)
          .isGreaterThan(cut - 2_000);
    }
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
      out.write(bytes);
    }
    return zipped.toByteArray();
  }
}
