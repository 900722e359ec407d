package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.KeepRules;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.SecretField;
import dev.loopgate.fleet.ServerTrust;
import dev.loopgate.fleet.Upstream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ModelsKindTest {
  @Test
  void fillsInWhatIsNotSaid() throws UsageException {
    assertThat(models("[{id: churn, url: \"http://127.0.0.1:5000\"}]"))
        .containsExactly(
            Model.of(
                "churn",
                URI.create("http://127.0.0.1:5000"),
                Predictor.NONE,
                "/model/churn",
                null,
                null,
                4 << 20));
  }

  @Test
  void takesAllThatIsSaid() throws UsageException {
    assertThat(
            models(
                "[{id: w, url: \"http://h:1/base\", predictor: odahu-ml-server, prefix: /, name: wine,"
                    + " version: 1.0, role: risk-team, capture: false, body-bytes-max: 1KiB}]"))
        .containsExactly(
            new Model(
                "w",
                new Upstream(List.of(new Replica(URI.create("http://h:1/base")))),
                Predictor.ODAHU_ML_SERVER,
                "",
                "wine",
                "1.0",
                new Kept(false, 1024, 1.0),
                Bounds.NONE,
                "risk-team"));
  }

  @Test
  void takesSeveralServersAndBounds() throws UsageException {
    Model model =
        models(
                "[{id: w, urls: [\"http://h:1/b\", \"http://i:2/b/\"], connect-timeout: 1s, first-byte-timeout:"
                    + " 2s, idle-timeout: 3s, total-timeout: 4s, connections-max: 5, requests-max: 6,"
                    + " waiting-max: 0}]")
            .getFirst();

    assertThat(model.upstream().replicas())
        .extracting(Replica::authority)
        .containsExactly("h:1", "i:2");
    assertThat(model.bounds())
        .isEqualTo(
            new Bounds(
                Duration.ofSeconds(1),
                Duration.ofSeconds(2),
                Duration.ofSeconds(3),
                Duration.ofSeconds(4),
                5,
                6,
                0));
    assertThat(models("[{id: w, url: \"http://h:1\"}]").getFirst().bounds()).isSameAs(Bounds.NONE);
  }

  @Test
  void saysHowTheServersAreSpokenTo() throws UsageException {
    Upstream upstream =
        models(
                "[{id: a, url: \"https://h\", protocol: h2, grpc: true, tls-ca: /ca.pem,"
                    + " tls-server-name: model.example, tls-certificate: /c.pem, tls-key: /k.pem}]")
            .getFirst()
            .upstream();

    assertThat(upstream.protocol()).isEqualTo(Protocol.H2);
    assertThat(upstream.grpc()).isTrue();
    assertThat(upstream.trust())
        .isEqualTo(new ServerTrust("/ca.pem", "model.example", "/c.pem", "/k.pem"));
    assertThat(models("[{id: a, url: \"http://h\", grpc: true}]").getFirst().upstream().protocol())
        .isEqualTo(Protocol.H2C);
    assertThat(models("[{id: a, url: \"http://h\"}]").getFirst().upstream().protocol())
        .isEqualTo(Protocol.HTTP1);
    assertThat(models("[{id: a, url: \"https://h\"}]").getFirst().upstream().protocol())
        .isEqualTo(Protocol.AUTO);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "http://h | protocol: http3 | models[0].protocol is one of http1, h2c, h2, auto, not",
        "http://h | protocol: h2 | models[0].protocol does not fit: ",
        "https://h | protocol: h2c | models[0].protocol does not fit: ",
        "http://h | protocol: http1, grpc: true | models[0].protocol does not fit: ",
        "http://h | grpc: yes | models[0].grpc is true or false, not",
        "http://h | tls-ca: /ca.pem | models[0].tls-... are for models at https:// only",
        "https://h | tls-key: /k.pem | models[0] has tls-certificate and tls-key, both or none",
        "https://h | tls-server-name: a b | models[0].tls-server-name is a host name like",
      })
  void refusesWhatNoServerCanBeSpokenToIn(String url, String fields, String message) {
    assertThatThrownBy(() -> models("[{id: a, url: \"" + url + "\", " + fields + "}]"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api",
        "/api/v1",
        "/api/v1/feedback",
        "/api/model",
        "/api/model/churn",
        "/api/model/churn/1.0",
        "/api/model/churn/1.0/feedback",
        "/feedback/x"
      })
  void refusesAPrefixThatWouldTakeWhatIsTheGatewaysOwn(String prefix) {
    assertThatThrownBy(() -> models("[{id: a, url: \"http://h:1\", prefix: " + prefix + "}]"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("models[0].prefix may not")
        .hasMessageContaining("the gateway's own");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/apis", "/api/v2", "/api/v1/x", "/api/model/churn/1.0/invoke"})
  void takesAPrefixBesideThem(String prefix) throws UsageException {
    assertThat(models("[{id: a, url: \"http://h:1\", prefix: " + prefix + "}]")).hasSize(1);
  }

  @Test
  void aModelKeepsAsMuchAsTheGatewayUnlessItSaysOtherwise() throws UsageException {
    Settings settings =
        Settings.of(
            Role.GATEWAY,
            Map.of(
                "capture.body-bytes-max",
                "2KiB",
                "models",
                "[{id: a, url: \"http://h:1\"}, {id: b, url: \"http://h:1\", body-bytes-max: 1KiB}]"),
            Map.of());

    assertThat(settings.models())
        .extracting(model -> model.kept().bodyBytesMax())
        .containsExactly(2048, 1024);
  }

  @Test
  void aModelIsSampledLikeTheGatewayUnlessItSaysOtherwise() throws UsageException {
    Settings settings =
        Settings.of(
            Role.GATEWAY,
            Map.of(
                "capture.sample",
                "0.5",
                "models",
                "[{id: a, url: \"http://h:1\"}, {id: b, url: \"http://h:1\", sample: 0.125}]"),
            Map.of());

    assertThat(settings.models())
        .extracting(model -> model.kept().sampleRate())
        .containsExactly(0.5, 0.125);
    assertThat(models("[{id: a, url: \"http://h:1\"}]"))
        .extracting(model -> model.kept().sampleRate())
        .containsExactly(1.0);
  }

  @Test
  void aModelHasSecretFieldsBesideThoseOfTheGateway() throws UsageException {
    Settings settings =
        Settings.of(
            Role.GATEWAY,
            Map.of(
                "redact.body",
                "[{pointer: /user/email, in: [request, feedback]}]",
                "models",
                "[{id: a, url: \"http://h:1\"}, {id: b, url: \"http://h:1\", redact-body:"
                    + " [{pointer: /in/*/data, action: drop, in: response}, {pointer: /x}]}]"),
            Map.of());
    SecretField ofAll = new SecretField("/user/email", false, true, false);

    assertThat(settings.models())
        .extracting(model -> model.kept().secretFields())
        .containsExactly(
            List.of(ofAll),
            List.of(
                ofAll,
                new SecretField("/in/*/data", true, false, true),
                new SecretField("/x", false, true, true)));
    assertThat(settings.kept().secretFields()).containsExactly(ofAll);
  }

  @Test
  void aModelSaysWhatIsAlwaysKept() throws UsageException {
    assertThat(
            models(
                "[{id: a, url: \"http://h:1\", keep: {status: [5xx, 404], ending: timed_out,"
                    + " slower-than: 500ms, header: [X-Debug]}}, {id: b, url: \"http://h:1\", keep: {}}]"))
        .extracting(model -> model.kept().always())
        .containsExactly(
            new KeepRules(
                Set.of("5xx", "404"),
                Set.of("timed_out"),
                Duration.ofMillis(500),
                Set.of("x-debug")),
            KeepRules.NONE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "[{url: 'http://h:1'}]; models[0].id is needed",
        "[{id: A, url: 'http://h:1'}]; models[0].id is letters",
        "[{id: a}]; models[0].url is needed",
        "[{id: a, url: 'ftp://h:1'}]; models[0].url is needed",
        "[{id: a, url: 'http://h:1?x=1'}]; models[0].url is needed",
        "[{id: a, url: 'http://u:p@h:1'}]; models[0].url is needed",
        "[{id: a, url: 'http://h:99999'}]; models[0].url is needed",
        "[{id: a, url: 'http://h:1', predictor: triton2}]; models[0].predictor is one of none,",
        "[{id: a, url: 'http://h:1', prefix: a}]; models[0].prefix is / or a path",
        "[{id: a, url: 'http://h:1', prefix: /a/}]; models[0].prefix is / or a path",
        "[{id: a, url: 'http://h:1', prefix: /a/../b}]; models[0].prefix without",
        "[{id: a, url: 'http://h:1', prefix: /feedback}]; may not lie under /feedback",
        "[{id: a, url: 'http://h:1', prefix: /metrics/x}]; may not lie under /metrics",
        "[{id: a, url: 'http://h:1', name: ''}]; models[0].name is 1 to 256",
        "[{id: a, url: 'http://h:1', version: \"1\\r\\nx: y\"}]; models[0].version is 1 to 256",
        "[{id: a, url: 'http://h:1', role: 'a b'}]; models[0].role is 1 to 256 visible",
        "[{id: a, url: 'http://h:1', role: odahu_viewer}]; models[0].role is one of your own",
        "[{id: a, url: 'http://h:1', capture: yes}]; models[0].capture is true or false",
        "[{id: a, url: 'http://h:1', body-bytes-max: 13MiB}]; models[0].body-bytes-max is 0 to",
        "[{id: a, url: 'http://h:1', sample: 0}]; models[0].sample is more than 0 and at most 1",
        "[{id: a, url: 'http://h:1', sample: 1.5}]; models[0].sample is more than 0 and at most 1",
        "[{id: a, url: 'http://h:1', keep: all}]; models[0].keep is a mapping like",
        "[{id: a, url: 'http://h:1', keep: {status: 6xx}}]; kept status: value=6xx",
        "[{id: a, url: 'http://h:1', keep: {ending: gone}}]; ending: word=gone",
        "[{id: a, url: 'http://h:1', keep: {slower-than: 5}}]; models[0].keep is",
        "[{id: a, url: 'http://h:1', keep: {headers: a}}]; models[0].keep is a mapping like",
        "[{id: a, url: 'http://h:1', redact-body: /a}]; models[0].redact-body is a list of at most 32",
        "[{id: a, url: 'http://h:1', redact-body: [{pointer: /a, in: feedback}]}]; models[0].redact-body is",
        "[{id: a, urls: []}]; models[0].urls is a list of 1 to 64",
        "[{id: a, urls: 'http://h:1'}]; models[0].urls is a list of 1 to 64",
        "[{id: a, url: 'http://h:1', urls: ['http://h:2']}]; models[0] has either url or urls",
        "[{id: a, urls: ['http://h:1', 'ftp://h:2']}]; models[0].urls[1] is needed",
        "[{id: a, urls: ['http://h:1/x', 'http://h:2/y']}]; of one scheme and path",
        "[{id: a, urls: ['http://h:1', 'http://h:1']}]; stands twice",
        "[{id: a, url: 'http://h:1', connect-timeout: 5ms}]; models[0].connect-timeout is 10ms to 10m",
        "[{id: a, url: 'http://h:1', idle-timeout: [1s]}]; models[0].idle-timeout is a text",
        "[{id: a, url: 'http://h:1', connections-max: 0}]; models[0].connections-max is 1 to 65535",
        "[{id: a, url: 'http://h:1', requests-max: x}]; models[0].requests-max is 1 to 1000000",
        "[{id: a, url: 'http://h:1', waiting-max: -1}]; models[0].waiting-max is 0 to 1000000",
        "[{id: a, url: 'http://h:1', titel: x}]; not \"titel\"",
        "[{id: a, url: [x]}]; models[0].url is needed",
        "[{id: [a], url: 'http://h:1'}]; models[0].id is a text",
        "[{id: a, url: 'http://h:1'}, {id: a, url: 'http://h:2'}]; id=a stands twice",
        "[{id: a, url: 'http://h:1', prefix: /x}, {id: b, url: 'http://h:2', prefix: /x}]; prefix=/x of b",
        "[a]; a list of at most",
        "{id: a}; a list of at most",
        "a; a list of at most"
      })
  void refusesAModelThatCanNotBe(String text, String expected) {
    assertThatThrownBy(() -> models(text))
        .as(text)
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(expected)
        .message()
        .doesNotContain("\n");
  }

  private static List<Model> models(String text) throws UsageException {
    return Settings.of(Role.GATEWAY, Map.of("models", text), Map.of()).models();
  }
}
