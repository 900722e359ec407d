package dev.loopgate.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ReplicaKeeperTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Cannot run program \"a\" (in directory \"b\"): error=11, Resource unavailable | true",
        "Cannot run program \"a\": error=24, Too many | true",
        "Cannot run program \"a\": Exec failed, error: 12 (Cannot allocate) | true",
        "models/wine/model.log: No space left on device | true",
        "models/wine/model.log: Too many open files | true",
        "no free port: tries=64 | true",
        "no more threads: unable to create native thread | true",
        "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available | true",
        "could not select device driver \"\" with capabilities: [[gpu]] | true",
        "listen tcp4 127.0.0.1:1: bind: address already in use | true",
        "Bind for 127.0.0.1:1 failed: port is already allocated | true",
        "write /a: no space left on device | true",
        "Minimum memory limit allowed is 6MB | false",
        "Cannot run program \"a\": error=2, No such file or directory | false",
        "Cannot run program \"a\": error=13, Permission denied | false",
        "Cannot run program \"a\": error=110, what | false",
        "models/wine/model.log: Permission denied | false"
      })
  void knowsWhenThereIsNoRoom(String message, boolean isNoRoom) {
    assertThat(ReplicaKeeper.isNoRoom(new IOException(message))).isEqualTo(isNoRoom);
  }
}
