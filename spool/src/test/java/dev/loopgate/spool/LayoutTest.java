package dev.loopgate.spool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.spool.RecordLayout.Head;
import dev.loopgate.spool.RecordLayout.PartHead;
import dev.loopgate.spool.SegmentLayout.GroupHeader;
import dev.loopgate.spool.SegmentLayout.Header;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// The bytes on disk, as readers of every later version must find them.
class LayoutTest {
  private final ByteBuffer bytes = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);

  @Test
  void aSegmentHeaderIsThis() {
    Header header = new Header(new SpoolId(1, 2), 3, 4, 5);
    SegmentLayout.writeHeader(bytes, header);

    assertThat(hex(0, 60))
        .isEqualTo(
            "4c504c5345475431020000000000000001000000000000000200000000000000"
                + "03000000000000000400000000000000050000000000000000000000");
    assertThat(SegmentLayout.readHeader(bytes)).isEqualTo(header);
  }

  @Test
  void aRecordIsThis() {
    bytes.put(32, (byte) 0x61);
    RecordLayout.writeHead(bytes, 0, new Head(1, RecordLayout.ENTRY, 1, 0x1122, 7, 9));
    RecordLayout.seal(bytes, 0, 3);

    assertThat(hex(0, 28)).isEqualTo("010000000201524c2211000000000000070000000000000009000000");
    assertThat(RecordLayout.isValid(bytes, 0, 3)).isTrue();
    assertThat(RecordLayout.isValid(bytes, 0, 4)).as("of another generation").isFalse();
  }

  @Test
  void aPartIsThis() {
    PartHead part = new PartHead(1, 2, 3, 4, 5, 6, new LogPosition(7, 8));
    RecordLayout.writePartHead(bytes, 0, part);

    assertThat(hex(0, 48))
        .isEqualTo(
            "010000000000000002000000030000000400000005000000"
                + "060000000000000007000000000000000800000000000000");
    assertThat(RecordLayout.readPartHead(bytes, 0)).isEqualTo(part);
  }

  @Test
  void aGroupHeaderIsThisAndEachBitOfItCounts() {
    GroupHeader header =
        new GroupHeader(96, 2, true, 3, 4, 5, new LogPosition(6, 7), new LogPosition(8, 9), 10, 11);
    SegmentLayout.writeGroupHeader(bytes, header);

    assertThat(hex(0, 88))
        .isEqualTo(
            "704c47a7600000000200000001000000030000000000000004000000000000000500000000000000"
                + "06000000000000000700000000000000080000000000000009000000000000000a00000000000000"
                + "0b00000000000000");
    assertThat(SegmentLayout.readGroupHeader(bytes, 0)).isEqualTo(header);
    for (int bit = 0; bit < 96 * 8; bit++) {
      bytes.put(bit / 8, (byte) (bytes.get(bit / 8) ^ (1 << (bit % 8))));
      GroupHeader read = SegmentLayout.readGroupHeader(bytes, 0);
      assertThat(read != null && SegmentLayout.isWhole(bytes, 0, read)).as("bit=%d", bit).isFalse();
      bytes.put(bit / 8, (byte) (bytes.get(bit / 8) ^ (1 << (bit % 8))));
    }
  }

  private String hex(int from, int to) {
    return HexFormat.of().formatHex(bytes.array(), from, to);
  }
}
