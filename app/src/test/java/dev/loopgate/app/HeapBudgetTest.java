package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class HeapBudgetTest {
  private static final long MIB = 1L << 20;

  private final HeapBudget budget =
      new HeapBudget()
          .onHeap("base", 40 * MIB)
          .offHeap("capture.bytes-max", 64 * MIB)
          .offHeap("proxy.connections-max", 100 * MIB);

  @Test
  void takesWhatFitsExactly() {
    assertThatCode(() -> budget.check(40 * MIB, 164 * MIB)).doesNotThrowAnyException();
  }

  @Test
  void refusesOneByteLessAndNamesTheLargestHolder() {
    assertThatThrownBy(() -> budget.check(40 * MIB, 164 * MIB - 1))
        .isInstanceOf(StartException.class)
        .hasMessageStartingWith(
            "direct memory: the settings need 164MiB (most of it proxy.connections-max=100MiB)")
        .hasMessageEndingWith("raise -XX:MaxDirectMemorySize in LOOPGATE_JAVA_OPTS");
    assertThatThrownBy(() -> budget.check(40 * MIB - 1, 164 * MIB))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("-Xmx");
  }

  @Test
  void hasEveryHolderOfEveryRoomInItsSum() throws Exception {
    assertThat(of(new Memory(124 * MIB, 512 * MIB)).toString())
        .isEqualTo(
            """
            heap: what is there after the start=12MiB
            heap: a window's index=8MiB
            heap: a body being decoded=36MiB
            heap: proxy.loops=544KiB
            heap: bodies being redacted=1088KiB
            heap: feedback in flight=67998KiB
            heap sum=126974KiB
            direct: capture.bytes-max=64MiB
            direct: the log's write buffers=16MiB
            direct: the log being read=36MiB
            direct: proxy.connections-max=404800KiB
            direct sum=523584KiB
            """);
  }

  @Test
  void takesForFeedbackWhatIsLeftButNeverLessThanTheLargestAndNeverMoreThanIsOfUse()
      throws Exception {
    assertThat(of(new Memory(1024 * MIB, 512 * MIB)).toString())
        .contains("heap: feedback in flight=96MiB\n");
    assertThat(of(new Memory(32 * MIB, 512 * MIB)).toString())
        .contains("heap: feedback in flight=3MiB\n");
    assertThatThrownBy(() -> of(new Memory(60 * MIB, 512 * MIB)).check(60 * MIB, 512 * MIB))
        .isInstanceOf(StartException.class)
        .hasMessageStartingWith("heap memory: the settings need 61MiB (most of it a body being");
  }

  @Test
  void secretFieldsOfBodiesTakeTheirShareAlsoWhereOnlyAReloadWillNameThem() throws UsageException {
    String none = "[{id: a, url: \"http://h:1\"}]";
    String models = "[{id: a, url: \"http://h:1\", redact-body: [{pointer: /a}]}]";
    String fields = "[{pointer: /a}]";

    assertThat(with("models", none)).isEqualTo(with("models", models));
    assertThat(with("models", models)).contains("heap: bodies being redacted=1088KiB\n");
    assertThat(with("redact.body", fields)).contains("heap: bodies being redacted=9280KiB\n");
  }

  private static String with(String setting, String value) throws UsageException {
    Settings settings =
        Settings.of(Role.GATEWAY, Map.of("proxy.loops", "2", setting, value), Map.of());
    return new Rooms(settings, new Memory(124 * MIB, 512 * MIB)).budget().toString();
  }

  @Test
  void tokensTakeSomeOfTheHeapWhereTheyAreAskedFor() throws Exception {
    Settings settings =
        Settings.of(
            Role.GATEWAY, Map.of("proxy.loops", "2", "auth.jwks", "http://h/keys"), Map.of());

    assertThat(new Rooms(settings, new Memory(124 * MIB, 512 * MIB)).budget().toString())
        .contains("heap: auth.cache-bytes=10MiB\n", "heap: feedback in flight=57759KiB\n");
  }

  @Test
  void codecsTakeSomeOfBothWhereFilesAreCompressed() throws Exception {
    for (String compression : new String[] {"gzip", "zstd"}) {
      assertThat(with("files.compression", compression))
          .contains(
              "heap: files being compressed=512KiB\n",
              "heap: feedback in flight=67488KiB\n",
              "direct: files being compressed=4MiB\n",
              "direct: proxy.connections-max=");
    }
    assertThat(with("files.compression", "none")).doesNotContain("compressed");
  }

  private static HeapBudget of(Memory memory) throws UsageException {
    Settings settings = Settings.of(Role.GATEWAY, Map.of("proxy.loops", "2"), Map.of());
    return new Rooms(settings, memory).budget();
  }
}
