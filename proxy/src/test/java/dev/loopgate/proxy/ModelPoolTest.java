package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakFree.class)
final class ModelPoolTest {
  private static final String GET = "GET /model/wine/x HTTP/1.1\r\nHost: d\r\n\r\n";
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  private final EmbeddedDoor door = new EmbeddedDoor(EmbeddedDoor.wine());

  @Test
  void triesTheNextAddressOfANameWithItsPartOfTheTime() {
    door.addresses = addresses("10.0.0.1", "10.0.0.2", "::1", "10.0.0.4");
    door.refusing.addAll(List.of("10.0.0.1", "10.0.0.2"));
    door.refusedAfter = Duration.ofMillis(500);

    door.send(GET);
    door.answer(0, OK);

    assertThat(door.received()).endsWith("ok");
    assertThat(door.tried).containsExactly("10.0.0.1 500", "10.0.0.2 500", "0:0:0:0:0:0:0:1 500");
    assertThat(door.only().ending()).isEqualTo(Ending.COMPLETE);
  }

  @Test
  void isUnreachableWhenAllAddressesAre() {
    door.addresses = addresses("10.0.0.1", "10.0.0.2");
    door.refusesConnections = true;

    door.send(GET);

    assertThat(door.received()).startsWith("HTTP/1.1 502 ");
    assertThat(door.tried).containsExactly("10.0.0.1 1000", "10.0.0.2 2000");
    assertThat(door.only().ending()).isEqualTo(Ending.MODEL_UNREACHABLE);
    assertThat(door.slots.taken()).isZero();
  }

  @Test
  void anUnknownHostIsUnreachable() {
    door.addresses = List.of();

    door.send(GET);

    assertThat(door.received()).startsWith("HTTP/1.1 502 ");
    assertThat(door.tried).isEmpty();
    assertThat(door.slots.taken()).isZero();
  }

  @Test
  void triesAFewAddressesOfManyAndNoneWhenTimeIsUp() {
    door.addresses = Collections.nCopies(20, InetAddress.ofLiteral("10.0.0.1"));
    door.refusesConnections = true;
    door.send(GET);
    assertThat(door.tried).hasSize(ModelOpening.ADDRESSES_MAX);

    door.tried.clear();
    door.refusedAfter = Duration.ofSeconds(2);
    door.send(GET);
    assertThat(door.tried).hasSize(1);
    assertThat(door.slots.taken()).isZero();
  }

  @Test
  void whoLeavesWhileWaitingForAConnectionIsForgotten() {
    List<Integer> held = new ArrayList<>();
    for (int i = 0; i < EmbeddedDoor.LIMITS.connectionsMax(); i++) {
      door.send(GET);
      door.connect();
      held.add(i);
    }
    assertThat(door.models).hasSize(held.size());
    for (int i = 0; i < 5; i++) {
      door.send(GET);
      assertThat(door.slots.isAwaited()).isTrue();
      door.caller.close();
      door.settle();
      assertThat(door.slots.isAwaited()).as("the one that left").isFalse();
      door.connect();
    }
    assertThat(door.models).as("nobody connected for them").hasSize(held.size());

    door.send(GET); // waits, and is served by the next connection that is free
    door.answer(0, OK);
    assertThat(door.asked(2)).startsWith("GET /x ");
    door.answer(2, OK);
    assertThat(door.received()).endsWith("ok");
    door.answer(1, OK);
    assertThat(door.lane.kept()).hasSize(held.size() + 6);
    assertThat(door.lane.open()).isZero();
    assertThat(door.slots.isAwaited()).isFalse();
    assertThat(door.slots.taken()).isEqualTo(EmbeddedDoor.LIMITS.connectionsMax());
    door.turn(EmbeddedDoor.LIMITS.keep());
    assertThat(door.slots.taken()).as("idle connections are closed").isZero();
  }

  private static List<InetAddress> addresses(String... literals) {
    return List.of(literals).stream().map(InetAddress::ofLiteral).toList();
  }
}
