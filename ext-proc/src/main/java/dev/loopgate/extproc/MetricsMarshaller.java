package dev.loopgate.extproc;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads `envoy.service.metrics.v3.StreamMetricsMessage` for a few counters. An Envoy sends all
/// that it counts, some megabytes; what is not ours is passed over, and never becomes an object.
final class MetricsMarshaller implements MethodDescriptor.Marshaller<MetricsMessage> {
  /// Of names; a longer one is none of ours.
  static final int NAME_BYTES_MAX = 128;

  /// Of a `node.id`.
  static final int NODE_BYTES_MAX = 1024;

  private static final int DEPTH_MAX = 32;
  private static final double EXACT_MAX = 1L << 53; // a double counts no further by ones

  // Tags: field << 3 | 2, for what has a length, and | 1 for a double.
  private static final int IDENTIFIER = 1 << 3 | 2; // of the message
  private static final int FAMILY = 2 << 3 | 2;
  private static final int NODE = 1 << 3 | 2; // of the identifier
  private static final int ID = 1 << 3 | 2; // of the node
  private static final int NAME = 1 << 3 | 2; // of a family
  private static final int METRIC = 4 << 3 | 2;
  private static final int COUNTER = 3 << 3 | 2; // of a metric
  private static final int VALUE = 1 << 3 | 1; // of a counter

  /// Reads one field whose tag was read.
  private interface Field {
    void read(int tag, CodedInputStream in) throws IOException;
  }

  private static final class Reading {
    String node = "";
    final Map<String, MetricsMessage.Counter> counters = new LinkedHashMap<>();

    // What has one name and several values is told by labels apart: all of it together.
    void add(String name, ToldLoss what, double value) {
      MetricsMessage.Counter known = counters.get(name);
      if (known != null || counters.size() < MetricsMessage.COUNTERS_MAX) {
        double sum = known == null ? value : Math.min(EXACT_MAX, known.value() + value);
        counters.put(name, new MetricsMessage.Counter(name, what, (long) sum));
      }
    }
  }

  private static final class Family {
    String name = "";
    @Nullable ToldLoss what;
  }

  /// Nothing sends this message from here.
  @Override
  public InputStream stream(MetricsMessage message) {
    return new ByteArrayInputStream(new byte[0]);
  }

  /// What is no such message is [MetricsMessage#MALFORMED]: the stream's own business, where an
  /// exception would be taken for a bug of ours.
  @Override
  public MetricsMessage parse(InputStream stream) {
    try {
      CodedInputStream in = CodedInputStream.newInstance(stream);
      in.setRecursionLimit(DEPTH_MAX);
      Reading reading = new Reading();
      fields(in, (tag, at) -> message(tag, at, reading));
      in.checkLastTagWas(0);
      return new MetricsMessage(reading.node, List.copyOf(reading.counters.values()), false);
    } catch (IOException | StatusRuntimeException _) {
      return MetricsMessage.MALFORMED;
    }
  }

  private static void message(int tag, CodedInputStream in, Reading reading) throws IOException {
    switch (tag) {
      case IDENTIFIER -> inside(in, (each, at) -> identifier(each, at, reading));
      case FAMILY -> {
        Family family = new Family(); // its name comes first, as Envoy writes it
        inside(in, (each, at) -> family(each, at, family, reading));
      }
      default -> skip(tag, in);
    }
  }

  private static void identifier(int tag, CodedInputStream in, Reading reading) throws IOException {
    if (tag == NODE) {
      inside(in, (each, at) -> node(each, at, reading));
    } else {
      skip(tag, in);
    }
  }

  private static void node(int tag, CodedInputStream in, Reading reading) throws IOException {
    if (tag == ID) {
      String id = text(in, NODE_BYTES_MAX);
      if (id == null) {
        throw new InvalidProtocolBufferException("node.id: too long");
      }
      reading.node = id;
    } else {
      skip(tag, in);
    }
  }

  private static void family(int tag, CodedInputStream in, Family family, Reading reading)
      throws IOException {
    if (tag == NAME) {
      String name = text(in, NAME_BYTES_MAX);
      family.what = name == null ? null : ToldLoss.of(name);
      family.name = name == null ? "" : name;
    } else if (tag == METRIC && family.what != null) {
      inside(in, (each, at) -> metric(each, at, family, reading));
    } else {
      skip(tag, in);
    }
  }

  private static void metric(int tag, CodedInputStream in, Family family, Reading reading)
      throws IOException {
    if (tag == COUNTER) {
      inside(in, (each, at) -> counter(each, at, family, reading));
    } else {
      skip(tag, in);
    }
  }

  private static void counter(int tag, CodedInputStream in, Family family, Reading reading)
      throws IOException {
    ToldLoss what = family.what;
    if (tag == VALUE && what != null) {
      double value = in.readDouble();
      if (!(value >= 0 && value <= EXACT_MAX)) {
        throw new InvalidProtocolBufferException("a counter that counts nothing");
      }
      reading.add(family.name, what, value);
    } else {
      skip(tag, in);
    }
  }

  private static void inside(CodedInputStream in, Field field) throws IOException {
    int outer = in.pushLimit(in.readRawVarint32());
    fields(in, field);
    in.checkLastTagWas(0);
    if (in.getBytesUntilLimit() != 0) {
      throw new InvalidProtocolBufferException("ends before its length says so");
    }
    in.popLimit(outer);
  }

  private static void fields(CodedInputStream in, Field field) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      field.read(tag, in);
    }
  }

  private static void skip(int tag, CodedInputStream in) throws IOException {
    if (!in.skipField(tag)) {
      throw new InvalidProtocolBufferException("the end of a group that did not begin");
    }
  }

  /// Null where it is longer than that; then it was passed over.
  private static @Nullable String text(CodedInputStream in, int bytesMax) throws IOException {
    int length = in.readRawVarint32();
    if (length > bytesMax) {
      in.skipRawBytes(length);
      return null;
    }
    return new String(in.readRawBytes(length), UTF_8);
  }
}
