package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.fleet.Replica;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HealthQuestionIT {
  private static final String PATH = "/healthcheck";

  private final BlockingQueue<String> asked = new LinkedBlockingQueue<>(100);
  private final ServerSocket server = new ServerSocket(0, 9, InetAddress.ofLiteral("127.0.0.1"));

  HealthQuestionIT() throws IOException {}

  /// What a server does with a connection on which it was asked.
  private interface Behaviour {
    void answer(Socket socket) throws IOException;
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 204 \r\n\r\n",
        "HTTP/1.1 200\n\n"
      })
  void anyAnswerOfTwoHundredIsAYes(String answer) throws Exception {
    serve(socket -> socket.getOutputStream().write(answer.getBytes(ISO_8859_1)));

    ask(Duration.ofMinutes(1), PATH);

    assertThat(asked.take()).isEqualTo("GET /healthcheck HTTP/1.1");
    assertThat(asked.take()).isEqualTo("Host: 127.0.0.1:" + server.getLocalPort());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 503 200\r\n\r\n",
        "HTTP/1.1 302 Found\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 2000\r\n\r\n",
        "HTTP/1.1 200",
        "SSH-2.0\r\n",
        ""
      })
  void anythingElseIsANo(String answer) {
    serve(socket -> socket.getOutputStream().write(answer.getBytes(ISO_8859_1)));

    assertThatThrownBy(() -> ask(Duration.ofMinutes(1), PATH))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(SocketTimeoutException.class);
  }

  @Test
  void anEndlessLineIsANo() {
    serve(socket -> socket.getOutputStream().write("x".repeat(100_000).getBytes(ISO_8859_1)));

    assertThatThrownBy(() -> ask(Duration.ofMinutes(1), PATH)).hasMessage("no HTTP/1.1");
  }

  @Test
  void whoSaysNothingIsSilent() {
    serve(socket -> socket.getInputStream().readAllBytes());

    assertThatThrownBy(() -> ask(Duration.ofMillis(200), PATH))
        .isInstanceOf(SocketTimeoutException.class);
  }

  @Test
  void whoSaysALittleAgainAndAgainIsSilent() {
    serve(socket -> {
      socket.setSoTimeout(10);
      for (int i = 0; i < 1_000; i++) {
        socket.getOutputStream().write('H');
        try {
          if (socket.getInputStream().read() < 0) {
            return;
          }
        } catch (SocketTimeoutException _) {
          // the next one
        }
      }
    });

    assertThatThrownBy(() -> ask(Duration.ofMillis(300), PATH))
        .isInstanceOf(SocketTimeoutException.class);
  }

  @Test
  void whoDoesNotCloseAfterItsAnswerIsNotWaitedFor() throws Exception {
    serve(socket -> {
      socket.getOutputStream().write("HTTP/1.1 200 OK\r\n\r\n".getBytes(ISO_8859_1));
      socket.getInputStream().readAllBytes();
    });
    long begin = System.nanoTime();

    ask(Duration.ofMinutes(1), PATH);

    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(30));
  }

  @Test
  void whatClosesItsConnectionsAtOnceIsNoServerYet() throws Exception {
    Thread.ofVirtual()
        .start(() -> {
          try {
            server.accept().close();
          } catch (IOException _) {
            // the test is over
          }
        });
    assertThatThrownBy(() -> ask(Duration.ofMinutes(1), null)).hasMessage("closed at once");
  }

  @Test
  void withoutAPathAConnectionIsEnough() throws Exception {
    assertThatCode(() -> ask(Duration.ofMinutes(1), null)).doesNotThrowAnyException();
    server.close();
    assertThatThrownBy(() -> ask(Duration.ofMinutes(1), null)).isInstanceOf(IOException.class);
  }

  private void serve(Behaviour behaviour) {
    Thread.ofVirtual()
        .start(() -> {
          try (Socket socket = server.accept()) {
            BufferedReader in =
                new BufferedReader(new InputStreamReader(socket.getInputStream(), ISO_8859_1));
            for (String line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
              asked.add(line);
            }
            behaviour.answer(socket);
          } catch (IOException _) {
            // the other side has heard enough
          }
        });
  }

  private void ask(Duration timeout, @Nullable String path) throws IOException {
    URI url = URI.create("http://127.0.0.1:" + server.getLocalPort());
    new HealthQuestion(timeout, System::nanoTime).ask(new Replica(url), path);
  }
}
