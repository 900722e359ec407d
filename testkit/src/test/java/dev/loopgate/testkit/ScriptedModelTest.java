package dev.loopgate.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ScriptedModelTest {
  private static final Payload REQUEST = new Payload(Payload.Kind.TEXT, 7, 100_000);
  private static final Payload RESPONSE = new Payload(Payload.Kind.BINARY, 8, 300_000);

  private ScriptedModel model;
  private Caller caller;

  @BeforeEach
  void connect() throws IOException {
    model = ScriptedModel.start();
    URI url = URI.create(model.url());
    caller = Caller.connect(new InetSocketAddress(url.getHost(), url.getPort()));
  }

  @AfterEach
  void close() throws IOException {
    caller.close();
    model.close();
  }

  @ParameterizedTest
  @EnumSource(Framing.class)
  void answersInEveryFraming(Framing framing) throws IOException {
    Script script = Script.plain(REQUEST, RESPONSE).framed(framing);
    if (framing == Framing.NONE) {
      script = script.answering(204);
    }
    Payload.Check check = RESPONSE.check();

    caller.send("POST", "/x?" + script.query(), Map.of(), Framing.CHUNKED, REQUEST);
    Answer answer = caller.receive("POST", check);

    assertThat(answer.status()).isEqualTo(script.status());
    assertThat(answer.header("x-request-intact")).isEqualTo("true");
    assertThat(check.isWhole()).isEqualTo(framing != Framing.NONE);
  }

  @Test
  void keepsTheConnectionAndTellsABrokenRequest() throws IOException {
    Script script = Script.plain(RESPONSE, RESPONSE);

    caller.send("POST", "/x?" + script.query(), Map.of(), Framing.LENGTH, REQUEST);
    assertThat(caller.receive("POST").header("x-request-intact")).isEqualTo("false");
    caller.send("POST", "/x?" + script.query(), Map.of(), Framing.LENGTH, RESPONSE);
    assertThat(caller.receive("POST").header("x-request-intact")).isEqualTo("true");
  }

  @Test
  void resetsHalfwayThrough() throws IOException {
    Script script = Script.plain(REQUEST, RESPONSE).behaving(Script.Behaviour.RESET_IN_BODY);

    caller.send("POST", "/x?" + script.query(), Map.of(), Framing.LENGTH, REQUEST);

    assertThatThrownBy(() -> caller.receive("POST")).isInstanceOf(IOException.class);
  }

  @Test
  void aBodyOfAnotherSeedIsNotTheOne() {
    byte[] other = new Payload(Payload.Kind.TEXT, 9, 1000).bytes();
    Payload.Check check = new Payload(Payload.Kind.TEXT, 10, 1000).check();

    check.accept(other, 0, other.length);

    assertThat(check.isPrefix()).isFalse();
  }
}
