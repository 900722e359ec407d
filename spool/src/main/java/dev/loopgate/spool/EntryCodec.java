package dev.loopgate.spool;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;
import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.Body;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Entry;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.GrpcStatus;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.RequestHead;
import dev.loopgate.capture.RequestId;
import dev.loopgate.capture.ResponseHead;
import dev.loopgate.capture.Target;
import dev.loopgate.capture.Timing;
import dev.loopgate.proto.v1.AccessMessage;
import dev.loopgate.proto.v1.BodyMessage;
import dev.loopgate.proto.v1.EntryMessage;
import dev.loopgate.proto.v1.FeedbackMessage;
import dev.loopgate.proto.v1.HeaderMessage;
import dev.loopgate.proto.v1.PredictionMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Entries to protobuf and back: byte for byte what the generated code would write, in the order of
/// the field numbers, fields at their default left out. Any thread; what it writes into is its
/// lane's.
final class EntryCodec {
  /*
   * Written by hand, because the generated builders would copy each body twice more before it lies in
   * the ring. Reading is the generated parser's: it happens on the shipper's thread.
   */

  // Tag and length of a string, or tag and value of a number: never more.
  private static final int FIELD_BYTES_MAX = 16;
  private static final int FIELDS_MAX = 40;

  // Room for the heads of many fields, when only their sum is known to be too large or not.
  private static final int SLACK_BYTES = 1 << 20;

  private EntryCodec() {}

  /// Encodes `entry` into `to`.
  ///
  /// @return false when it is larger than `bytesMax`; nothing is kept then
  static boolean encode(Entry entry, EncodedEntry to, int bytesMax) {
    long text = textBytesMax(entry);
    long bodies =
        entry instanceof Prediction prediction
            ? (long) prediction.requestBody().keptLength() + prediction.responseBody().keptLength()
            : 0;
    if (bodies > bytesMax || text > 3L * bytesMax + SLACK_BYTES) {
      return false; // not even if every character were one byte
    }
    try {
      CodedOutputStream out = to.begin((int) text);
      switch (entry) {
        case Prediction prediction -> {
          write(out, to, prediction);
          to.end(out, EntryMessage.PREDICTION_FIELD_NUMBER);
        }
        case Feedback feedback -> {
          write(out, feedback);
          to.end(out, EntryMessage.FEEDBACK_FIELD_NUMBER);
        }
        case AccessRecord access -> {
          write(out, access);
          to.end(out, EntryMessage.ACCESS_FIELD_NUMBER);
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("entry: the scratch is too small by our own sum", e);
    }
    return to.length() <= bytesMax;
  }

  /// The entry in `bytes`, from their position to their limit; its bodies share them.
  ///
  /// @throws IOException when they are no entry
  static Entry decode(ByteBuffer bytes) throws IOException {
    CodedInputStream in = UnsafeByteOperations.unsafeWrap(bytes).newCodedInput();
    in.enableAliasing(true);
    EntryMessage message = EntryMessage.parseFrom(in, ExtensionRegistryLite.getEmptyRegistry());
    try {
      return switch (message.getEntryCase()) {
        case PREDICTION -> read(message.getPrediction());
        case FEEDBACK -> read(message.getFeedback());
        case ACCESS -> read(message.getAccess());
        case ENTRY_NOT_SET -> throw new IOException("entry: of no kind that is known");
      };
    } catch (IllegalArgumentException e) {
      throw new IOException("entry: " + e.getMessage(), e);
    }
  }

  private static long textBytesMax(Entry entry) {
    long chars = 0;
    long fields = FIELDS_MAX;
    switch (entry) {
      case Prediction p -> {
        chars += p.requestId().value().length() + p.externalRequestId().length();
        chars += p.traceId().length() + chars(p.target()) + chars(p.request());
        chars += p.requestBody().contentEncoding().length();
        chars += p.responseBody().contentEncoding().length() + p.ending().word().length();
        chars += p.grpc().message().length();
        chars += chars(p.response().headers());
        fields += 3L * (p.request().headers().size() + p.response().headers().size());
      }
      case Feedback f -> {
        chars += f.requestId().value().length() + f.payloadJson().length();
        chars += f.idempotencyKey().length();
        chars += f.model().name().length() + f.model().version().length();
      }
      case AccessRecord a -> {
        AccessRecord.Told told = a.told();
        chars += a.requestId().value().length() + a.externalRequestId().length();
        chars += chars(a.target()) + chars(a.request()) + chars(a.response().headers());
        chars += a.ending().word().length() + told.protocol().length();
        chars += told.details().length() + told.flags().length();
        fields += 3L * (a.request().headers().size() + a.response().headers().size());
      }
    }
    return chars * 3 + fields * FIELD_BYTES_MAX;
  }

  private static long chars(Target target) {
    return (long) target.deployment().length()
        + target.route().length()
        + target.replica().length()
        + target.model().name().length()
        + target.model().version().length();
  }

  private static long chars(RequestHead request) {
    return (long) request.method().length()
        + request.path().length()
        + request.uri().length()
        + request.authority().length()
        + request.scheme().length()
        + request.host().length()
        + chars(request.headers());
  }

  private static long chars(List<Header> headers) {
    long sum = 0;
    for (Header header : headers) {
      sum += header.name().length() + header.value().length();
    }
    return sum;
  }

  private static void write(CodedOutputStream out, EncodedEntry to, Prediction p)
      throws IOException {
    Target target = p.target();
    text(out, PredictionMessage.REQUEST_ID_FIELD_NUMBER, p.requestId().value());
    flag(out, PredictionMessage.REQUEST_ID_REPLACED_FIELD_NUMBER, p.requestIdReplaced());
    text(out, PredictionMessage.X_REQUEST_ID_FIELD_NUMBER, p.externalRequestId());
    text(out, PredictionMessage.MODEL_NAME_FIELD_NUMBER, target.model().name());
    text(out, PredictionMessage.MODEL_VERSION_FIELD_NUMBER, target.model().version());
    text(out, PredictionMessage.DEPLOYMENT_FIELD_NUMBER, target.deployment());
    text(out, PredictionMessage.ROUTE_FIELD_NUMBER, target.route());
    text(out, PredictionMessage.REPLICA_FIELD_NUMBER, target.replica());
    RequestHead request = p.request();
    text(out, PredictionMessage.METHOD_FIELD_NUMBER, request.method());
    text(out, PredictionMessage.PATH_FIELD_NUMBER, request.path());
    text(out, PredictionMessage.AUTHORITY_FIELD_NUMBER, request.authority());
    text(out, PredictionMessage.SCHEME_FIELD_NUMBER, request.scheme());
    text(out, PredictionMessage.URI_FIELD_NUMBER, request.uri());
    text(out, PredictionMessage.HOST_FIELD_NUMBER, request.host());
    headers(out, PredictionMessage.REQUEST_HEADERS_FIELD_NUMBER, request.headers());
    body(out, to, PredictionMessage.REQUEST_BODY_FIELD_NUMBER, p.requestBody());
    number(out, PredictionMessage.STATUS_FIELD_NUMBER, p.response().status());
    headers(out, PredictionMessage.RESPONSE_HEADERS_FIELD_NUMBER, p.response().headers());
    body(out, to, PredictionMessage.RESPONSE_BODY_FIELD_NUMBER, p.responseBody());
    text(out, PredictionMessage.ENDING_FIELD_NUMBER, p.ending().word());
    Timing timing = p.timing();
    number(out, PredictionMessage.START_TIME_MS_FIELD_NUMBER, timing.startMillis());
    number(out, PredictionMessage.END_TIME_MS_FIELD_NUMBER, timing.endMillis());
    number(out, PredictionMessage.DURATION_US_FIELD_NUMBER, timing.durationNanos() / 1000);
    if (timing.firstByteNanos() != Timing.NONE) {
      out.writeInt64(PredictionMessage.FIRST_BYTE_US_FIELD_NUMBER, timing.firstByteNanos() / 1000);
    }
    text(out, PredictionMessage.TRACE_ID_FIELD_NUMBER, p.traceId());
    if (timing.gapMaxNanos() != Timing.NONE) {
      out.writeInt64(PredictionMessage.GAP_MAX_US_FIELD_NUMBER, timing.gapMaxNanos() / 1000);
    }
    if (p.grpc().isPresent()) {
      out.writeInt32(PredictionMessage.GRPC_STATUS_FIELD_NUMBER, p.grpc().code());
    }
    text(out, PredictionMessage.GRPC_MESSAGE_FIELD_NUMBER, p.grpc().message());
    number(out, PredictionMessage.ATTEMPTS_FIELD_NUMBER, target.attempts());
  }

  private static void write(CodedOutputStream out, AccessRecord a) throws IOException {
    Target target = a.target();
    text(out, AccessMessage.REQUEST_ID_FIELD_NUMBER, a.requestId().value());
    flag(out, AccessMessage.REQUEST_ID_REPLACED_FIELD_NUMBER, a.requestIdReplaced());
    text(out, AccessMessage.X_REQUEST_ID_FIELD_NUMBER, a.externalRequestId());
    text(out, AccessMessage.MODEL_NAME_FIELD_NUMBER, target.model().name());
    text(out, AccessMessage.MODEL_VERSION_FIELD_NUMBER, target.model().version());
    text(out, AccessMessage.DEPLOYMENT_FIELD_NUMBER, target.deployment());
    text(out, AccessMessage.ROUTE_FIELD_NUMBER, target.route());
    text(out, AccessMessage.REPLICA_FIELD_NUMBER, target.replica());
    number(out, AccessMessage.ATTEMPTS_FIELD_NUMBER, target.attempts());
    RequestHead request = a.request();
    text(out, AccessMessage.METHOD_FIELD_NUMBER, request.method());
    text(out, AccessMessage.PATH_FIELD_NUMBER, request.path());
    text(out, AccessMessage.AUTHORITY_FIELD_NUMBER, request.authority());
    text(out, AccessMessage.SCHEME_FIELD_NUMBER, request.scheme());
    text(out, AccessMessage.URI_FIELD_NUMBER, request.uri());
    text(out, AccessMessage.HOST_FIELD_NUMBER, request.host());
    headers(out, AccessMessage.REQUEST_HEADERS_FIELD_NUMBER, request.headers());
    number(out, AccessMessage.REQUEST_SIZE_FIELD_NUMBER, a.sizes().request());
    number(out, AccessMessage.STATUS_FIELD_NUMBER, a.response().status());
    headers(out, AccessMessage.RESPONSE_HEADERS_FIELD_NUMBER, a.response().headers());
    number(out, AccessMessage.RESPONSE_SIZE_FIELD_NUMBER, a.sizes().response());
    text(out, AccessMessage.ENDING_FIELD_NUMBER, a.ending().word());
    Timing timing = a.timing();
    number(out, AccessMessage.START_TIME_MS_FIELD_NUMBER, timing.startMillis());
    number(out, AccessMessage.END_TIME_MS_FIELD_NUMBER, timing.endMillis());
    number(out, AccessMessage.DURATION_US_FIELD_NUMBER, timing.durationNanos() / 1000);
    if (timing.firstByteNanos() != Timing.NONE) {
      out.writeInt64(AccessMessage.FIRST_BYTE_US_FIELD_NUMBER, timing.firstByteNanos() / 1000);
    }
    text(out, AccessMessage.PROTOCOL_FIELD_NUMBER, a.told().protocol());
    text(out, AccessMessage.DETAILS_FIELD_NUMBER, a.told().details());
    text(out, AccessMessage.FLAGS_FIELD_NUMBER, a.told().flags());
  }

  private static void write(CodedOutputStream out, Feedback f) throws IOException {
    text(out, FeedbackMessage.REQUEST_ID_FIELD_NUMBER, f.requestId().value());
    text(out, FeedbackMessage.MODEL_NAME_FIELD_NUMBER, f.model().name());
    text(out, FeedbackMessage.MODEL_VERSION_FIELD_NUMBER, f.model().version());
    number(out, FeedbackMessage.TIME_MS_FIELD_NUMBER, f.timeMillis());
    text(out, FeedbackMessage.PAYLOAD_JSON_FIELD_NUMBER, f.payloadJson());
    text(out, FeedbackMessage.IDEMPOTENCY_KEY_FIELD_NUMBER, f.idempotencyKey());
  }

  private static void body(CodedOutputStream out, EncodedEntry to, int field, Body body)
      throws IOException {
    int kept = body.keptLength();
    int length = 0;
    if (kept > 0) {
      length += CodedOutputStream.computeTagSize(BodyMessage.KEPT_FIELD_NUMBER);
      length += CodedOutputStream.computeUInt32SizeNoTag(kept) + kept;
    }
    if (body.size() != 0) {
      length += CodedOutputStream.computeInt64Size(BodyMessage.SIZE_FIELD_NUMBER, body.size());
    }
    if (body.truncated()) {
      length += CodedOutputStream.computeBoolSize(BodyMessage.TRUNCATED_FIELD_NUMBER, true);
    }
    if (!body.contentEncoding().isEmpty()) {
      length +=
          CodedOutputStream.computeStringSize(
              BodyMessage.CONTENT_ENCODING_FIELD_NUMBER, body.contentEncoding());
    }
    out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    out.writeUInt32NoTag(length);
    if (kept > 0) {
      out.writeTag(BodyMessage.KEPT_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      out.writeUInt32NoTag(kept);
    }
    to.body(out, body);
    number(out, BodyMessage.SIZE_FIELD_NUMBER, body.size());
    flag(out, BodyMessage.TRUNCATED_FIELD_NUMBER, body.truncated());
    text(out, BodyMessage.CONTENT_ENCODING_FIELD_NUMBER, body.contentEncoding());
  }

  private static void headers(CodedOutputStream out, int field, List<Header> headers)
      throws IOException {
    for (Header header : headers) {
      byte[] line = header.line();
      if (line != null) {
        preparedHeader(out, field, header, line);
        continue;
      }
      int length = 0;
      if (!header.name().isEmpty()) {
        length +=
            CodedOutputStream.computeStringSize(HeaderMessage.NAME_FIELD_NUMBER, header.name());
      }
      if (!header.value().isEmpty()) {
        length +=
            CodedOutputStream.computeStringSize(HeaderMessage.VALUE_FIELD_NUMBER, header.value());
      }
      out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      out.writeUInt32NoTag(length);
      text(out, HeaderMessage.NAME_FIELD_NUMBER, header.name());
      text(out, HeaderMessage.VALUE_FIELD_NUMBER, header.value());
    }
  }

  // ASCII is its own UTF-8: the parts of the line are copied as they are.
  private static void preparedHeader(CodedOutputStream out, int field, Header header, byte[] line)
      throws IOException {
    int name = header.name().length();
    int from = header.valueStart();
    int value = header.value().length();
    out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    out.writeUInt32NoTag(lengthOfPart(name) + lengthOfPart(value));
    part(out, HeaderMessage.NAME_FIELD_NUMBER, line, 0, name);
    part(out, HeaderMessage.VALUE_FIELD_NUMBER, line, from, value);
  }

  private static int lengthOfPart(int length) {
    return length == 0 ? 0 : 1 + CodedOutputStream.computeUInt32SizeNoTag(length) + length;
  }

  private static void part(CodedOutputStream out, int field, byte[] line, int from, int length)
      throws IOException {
    if (length > 0) {
      out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      out.writeUInt32NoTag(length);
      out.write(line, from, length);
    }
  }

  private static void text(CodedOutputStream out, int field, String value) throws IOException {
    if (!value.isEmpty()) {
      out.writeString(field, value);
    }
  }

  private static void number(CodedOutputStream out, int field, long value) throws IOException {
    if (value != 0) {
      out.writeInt64(field, value); // an int32 below zero is written as its 64 bits, too
    }
  }

  private static void flag(CodedOutputStream out, int field, boolean value) throws IOException {
    if (value) {
      out.writeBool(field, true);
    }
  }

  private static Prediction read(PredictionMessage m) {
    return new Prediction(
        new RequestId(m.getRequestId()),
        m.getRequestIdReplaced(),
        m.getXRequestId(),
        m.getTraceId(),
        new Target(
            m.getDeployment(),
            m.getRoute(),
            m.getReplica(),
            new ModelIdentity(m.getModelName(), m.getModelVersion()),
            m.getAttempts()),
        new RequestHead(
            m.getMethod(),
            m.getPath(),
            m.getAuthority(),
            m.getScheme(),
            m.getUri(),
            m.getHost(),
            headers(m.getRequestHeadersList())),
        body(m.getRequestBody()),
        new ResponseHead(m.getStatus(), headers(m.getResponseHeadersList())),
        body(m.getResponseBody()),
        Ending.ofWord(m.getEnding()),
        new Timing(
            m.getStartTimeMs(),
            m.getEndTimeMs(),
            m.getDurationUs() * 1000,
            m.hasFirstByteUs() ? m.getFirstByteUs() * 1000 : Timing.NONE,
            m.hasGapMaxUs() ? m.getGapMaxUs() * 1000 : Timing.NONE),
        m.hasGrpcStatus()
            ? new GrpcStatus(m.getGrpcStatus(), m.getGrpcMessage())
            : GrpcStatus.NONE);
  }

  private static Feedback read(FeedbackMessage m) {
    return new Feedback(
        new RequestId(m.getRequestId()),
        new ModelIdentity(m.getModelName(), m.getModelVersion()),
        m.getTimeMs(),
        m.getPayloadJson(),
        m.getIdempotencyKey());
  }

  private static AccessRecord read(AccessMessage m) {
    return new AccessRecord(
        new RequestId(m.getRequestId()),
        m.getRequestIdReplaced(),
        m.getXRequestId(),
        new Target(
            m.getDeployment(),
            m.getRoute(),
            m.getReplica(),
            new ModelIdentity(m.getModelName(), m.getModelVersion()),
            m.getAttempts()),
        new RequestHead(
            m.getMethod(),
            m.getPath(),
            m.getAuthority(),
            m.getScheme(),
            m.getUri(),
            m.getHost(),
            headers(m.getRequestHeadersList())),
        new ResponseHead(m.getStatus(), headers(m.getResponseHeadersList())),
        new AccessRecord.Sizes(m.getRequestSize(), m.getResponseSize()),
        Ending.ofWord(m.getEnding()),
        new Timing(
            m.getStartTimeMs(),
            m.getEndTimeMs(),
            m.getDurationUs() * 1000,
            m.hasFirstByteUs() ? m.getFirstByteUs() * 1000 : Timing.NONE,
            Timing.NONE),
        new AccessRecord.Told(m.getProtocol(), m.getDetails(), m.getFlags()));
  }

  private static List<Header> headers(List<HeaderMessage> messages) {
    List<Header> headers = new ArrayList<>(messages.size());
    for (HeaderMessage message : messages) {
      headers.add(new Header(message.getName(), message.getValue()));
    }
    return headers;
  }

  private static Body body(BodyMessage message) {
    ByteString kept = message.getKept();
    return new Body(
        kept.isEmpty() ? List.of() : List.of(kept.asReadOnlyByteBuffer()),
        message.getSize(),
        message.getTruncated(),
        message.getContentEncoding());
  }
}
