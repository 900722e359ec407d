package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class RemoteCallsTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Duration SHORT = Duration.ofMillis(50);

  private final RemoteCalls calls = new RemoteCalls(1);

  @Test
  void givesTheAnswerOrTheFailureOfTheCall() throws IOException {
    assertThat(calls.ask("get", LONG, () -> "answer")).isEqualTo("answer");
    assertThatThrownBy(() ->
            calls.ask(
                "get",
                LONG,
                () -> {
                  throw new NoSuchFileException("key");
                }))
        .isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() ->
            calls.ask(
                "get",
                LONG,
                () -> {
                  throw new StoreRefusedException("no");
                }))
        .isInstanceOf(StoreRefusedException.class);
  }

  @Test
  void whateverElseIsThrownProvesNothing() {
    assertThatThrownBy(() ->
            calls.ask(
                "put",
                LONG,
                () -> {
                  throw new IllegalStateException("the client's own");
                }))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("put: ")
        .hasMessageContaining("the client's own");
  }

  @Test
  void aCallThatHangsInASocketIsFreedAndWhoAskedIsNeverInterrupted() throws Exception {
    CountDownLatch freed = new CountDownLatch(1);
    try (ServerSocket silent = new ServerSocket()) {
      silent.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      assertThatThrownBy(() ->
              calls.ask(
                  "put",
                  SHORT,
                  () -> {
                    try (Socket socket =
                            new Socket(silent.getInetAddress(), silent.getLocalPort());
                        InputStream in = socket.getInputStream()) {
                      return in.read();
                    } finally {
                      freed.countDown();
                    }
                  }))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("no answer within");

      assertThat(freed.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
  }

  @Test
  void thereIsNeverMoreThanOneCallThatWasGivenUp() throws Exception {
    CountDownLatch ends = new CountDownLatch(1);
    assertThatThrownBy(() -> calls.ask("put", SHORT, () -> awaitedThroughInterrupts(ends)))
        .hasMessageContaining("no answer within");

    assertThatThrownBy(() -> calls.ask("put", LONG, () -> "answer"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("has not ended yet");

    ends.countDown();
    String answer = "";
    while (answer.isEmpty()) {
      try {
        answer = calls.ask("put", LONG, () -> "answer");
      } catch (IOException _) {
        Thread.onSpinWait(); // it ends, now that it may
      }
    }
    assertThat(answer).isEqualTo("answer");
  }

  private static boolean awaitedThroughInterrupts(CountDownLatch latch) {
    while (true) {
      try {
        return latch.await(60, TimeUnit.SECONDS);
      } catch (InterruptedException _) {
        Thread.onSpinWait(); // as a look-up of a name does
      }
    }
  }
}
