package dev.loopgate.logshipper;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePacker;

/// A staged file as one message of Fluentd's forward protocol (Forward Protocol Specification v1,
/// PackedForward mode): each line an event with the line's fields, its `time` the event's.
///
/// ```text
/// [ tag, bin( [EventTime, {fields}] [EventTime, {fields}] ... ), {"chunk": id, "size": events} ]
/// ```
///
/// Of numbers, what is whole and within 64 bits stays exact, all else is a double.
final class ForwardChunk {
  /*
   * MessagePack says how many members a map has before the first of them, JSON does not. So the file
   * is read twice: once to count, once to write.
   */

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss Z", Locale.ROOT);
  private static final byte EVENT_TIME = 0;
  private static final int EVENT_TIME_BYTES = 8;
  private static final int EXACT_DIGITS = 20; // of the largest unsigned 64-bit number
  // What we wrote ourselves is read again, whatever its size: the window bounds it.
  private static final JsonFactory JSON =
      new JsonFactoryBuilder()
          // Names are a caller's: no table of them is kept that they could make collide.
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxNestingDepth(Integer.MAX_VALUE)
                  .build())
          .build();

  private final List<ByteBuffer> buffers;
  private final int events;

  private ForwardChunk(List<ByteBuffer> buffers, int events) {
    this.buffers = buffers;
    this.events = events;
  }

  /// The file's lines, all of them.
  ///
  /// @param id the same for the same file, whoever sends it, however often
  /// @param seconds since the epoch, of lines without a `time`
  /// @throws StoreRefusedException when a line is no JSON
  static ForwardChunk of(Path file, String tag, String id, long seconds) throws IOException {
    try {
      Shape shape = Shape.of(file, seconds);
      Output entries = new Output((int) Math.min(Files.size(file) + 64, Integer.MAX_VALUE - 8));
      try (MessagePacker packer = MessagePack.newDefaultPacker(entries)) {
        pack(file, shape, packer);
      }
      ByteBuffer packed = entries.written();
      return new ForwardChunk(
          List.of(head(tag, packed.remaining()), packed, option(id, shape.events)), shape.events);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new StoreRefusedException(
          "staged file: no JSON: file=" + file + ", because=" + e.getOriginalMessage());
    }
  }

  /// The message, in pieces, each from its position to its limit.
  List<ByteBuffer> buffers() {
    return buffers;
  }

  int events() {
    return events;
  }

  private static ByteBuffer head(String tag, int bytes) throws IOException {
    Output head = new Output(64);
    try (MessagePacker packer = MessagePack.newDefaultPacker(head)) {
      packer.packArrayHeader(3).packString(tag).packBinaryHeader(bytes);
    }
    return head.written();
  }

  private static ByteBuffer option(String id, int events) throws IOException {
    Output option = new Output(64);
    try (MessagePacker packer = MessagePack.newDefaultPacker(option)) {
      packer.packMapHeader(2).packString("chunk").packString(id).packString("size").packInt(events);
    }
    return option.written();
  }

  private static void pack(Path file, Shape shape, MessagePacker packer) throws IOException {
    int opened = 0;
    int depth = 0;
    int event = 0;
    try (JsonParser json = JSON.createParser(file.toFile())) {
      for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
        switch (token) {
          case START_OBJECT -> {
            if (depth++ == 0) {
              packer.packArrayHeader(2);
              packTime(shape.times[event++], packer);
            }
            packer.packMapHeader(shape.sizes[opened++]);
          }
          case START_ARRAY -> {
            depth++;
            packer.packArrayHeader(shape.sizes[opened++]);
          }
          case END_OBJECT, END_ARRAY -> depth--;
          case FIELD_NAME -> packer.packString(json.currentName());
          case VALUE_STRING -> packer.packString(json.getText());
          case VALUE_NUMBER_INT -> packWhole(json, packer);
          case VALUE_NUMBER_FLOAT -> packer.packDouble(json.getDoubleValue());
          case VALUE_TRUE -> packer.packBoolean(true);
          case VALUE_FALSE -> packer.packBoolean(false);
          default -> packer.packNil();
        }
      }
    }
  }

  private static void packTime(long seconds, MessagePacker packer) throws IOException {
    ByteBuffer time = ByteBuffer.allocate(EVENT_TIME_BYTES).putInt((int) seconds).putInt(0);
    packer.packExtensionTypeHeader(EVENT_TIME, EVENT_TIME_BYTES).writePayload(time.array());
  }

  private static void packWhole(JsonParser json, MessagePacker packer) throws IOException {
    if (json.getTextLength() <= EXACT_DIGITS) {
      BigInteger exact = json.getBigIntegerValue();
      if (exact.bitLength() < Long.SIZE) {
        packer.packLong(exact.longValue());
        return;
      }
      if (exact.signum() > 0 && exact.bitLength() == Long.SIZE) {
        packer.packBigInteger(exact);
        return;
      }
    }
    packer.packDouble(json.getDoubleValue());
  }

  /// What must be known of the lines before they are written: the time of each, and the size of
  /// each object and array, in the order in which they open.
  private static final class Shape {
    private int[] sizes = new int[1024];
    private long[] times = new long[256];
    private int events;
    private int opened;
    private final Deque<Integer> open = new ArrayDeque<>();

    static Shape of(Path file, long seconds) throws IOException {
      Shape shape = new Shape();
      try (JsonParser json = JSON.createParser(file.toFile())) {
        for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
          shape.take(token, json, seconds);
        }
      }
      return shape;
    }

    private void take(JsonToken token, JsonParser json, long seconds) throws IOException {
      switch (token) {
        case START_OBJECT, START_ARRAY -> begin(seconds);
        case END_OBJECT, END_ARRAY -> open.pop();
        case FIELD_NAME -> {} // counted with its value
        default -> {
          countIn();
          if (token == JsonToken.VALUE_STRING
              && open.size() == 1
              && json.currentName().equals("time")) {
            times[events - 1] =
                OffsetDateTime.parse(json.getText(), TIME).toInstant().getEpochSecond();
          }
        }
      }
    }

    private void begin(long seconds) {
      if (open.isEmpty()) {
        times = events < times.length ? times : Arrays.copyOf(times, events * 2);
        times[events++] = seconds;
      } else {
        countIn();
      }
      sizes = opened < sizes.length ? sizes : Arrays.copyOf(sizes, opened * 2);
      open.push(opened++);
    }

    private void countIn() {
      Integer container = open.peek();
      if (container != null) {
        sizes[container]++;
      }
    }
  }

  /// Bytes that are seen without being copied once more.
  private static final class Output extends ByteArrayOutputStream {
    Output(int size) {
      super(size);
    }

    ByteBuffer written() {
      return ByteBuffer.wrap(buf, 0, count);
    }
  }
}
