package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.loopgate.capture.Header;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Settings;
import java.nio.ByteBuffer;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/// How a connection that is read as HTTP/1.1 goes on as HTTP/2: its caller begins with the preface,
/// or asks for it with its first request (RFC 7540, section 3.2).
///
/// @param request that asked; null when a preface was read instead of one
/// @param settings of the caller, as the request carried them
record Http2Beginning(@Nullable CallerRequest request, Http2Settings settings) {
  /// Without having asked.
  static final Http2Beginning PREFACE = new Http2Beginning(null, new Http2Settings());

  private static final String HEAD_OF_PREFACE = "PRI * HTTP/2.0\r\n\r\n";
  private static final String SWITCHING =
      "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: h2c\r\n\r\n";
  private static final String SETTINGS = "http2-settings";
  private static final int SETTING_BYTES = 6;
  private static final int FRAME_HEADER_BYTES = 9;
  private static final int SETTINGS_FRAME = 4 << 8; // the type, and no flags
  private static final int SETTINGS_BYTES_MAX = 100 * SETTING_BYTES; // far more than there are

  /// Whether what an HTTP/1.1 reader took for a head is how a caller begins who speaks HTTP/2
  /// without having asked (RFC 9113, section 3.3).
  static boolean isPreface(RawHead head) {
    return head.first().equals("PRI")
        && head.second().equals("*")
        && head.third().equals("HTTP/2.0")
        && head.headers().isEmpty();
  }

  /// Whether a server who speaks HTTP/2 begins with `said`: with its settings (RFC 9113, section
  /// 3.4), which it may send before its caller says a word. Less than a frame's header is none:
  /// servers send it in one piece.
  static boolean isServers(ByteBuf said) {
    int at = said.readerIndex();
    return said.readableBytes() >= FRAME_HEADER_BYTES
        && said.getUnsignedMedium(at) % SETTING_BYTES == 0
        && said.getUnsignedMedium(at) <= SETTINGS_BYTES_MAX
        && said.getUnsignedShort(at + 3) == SETTINGS_FRAME
        && said.getInt(at + 5) == 0; // the stream of all that concerns the connection
  }

  /// What `request`, the first of a connection without TLS, asks for. Null when it does not ask, or
  /// not well-formed, or has a body: then it is answered in HTTP/1.1, as section 3.2 allows.
  static @Nullable Http2Beginning askedIn(CallerRequest request) {
    if (!request.hops().contains("upgrade")
        || !request.hops().contains(SETTINGS)
        || request.minor() != 1
        || !request.framing().isEmpty()
        || !isAskedFor(request)
        || RawHead.count(request.headers(), SETTINGS) != 1) {
      return null;
    }
    String coded = RawHead.first(request.headers(), SETTINGS);
    try {
      return coded == null ? null : new Http2Beginning(request, settingsIn(coded));
    } catch (IllegalArgumentException _) {
      return null; // no base64url, no whole settings, or a value that is not allowed
    }
  }

  /// Takes the place of `former`, which has read that far.
  ///
  /// @param unread what came behind it; its bytes are copied
  void replace(
      Channel channel,
      ChannelHandler former,
      Exchanges exchanges,
      String address,
      boolean secure,
      ByteBuf unread) {
    ChannelHandlerContext place = channel.pipeline().context(former);
    ByteBuf bytes = channel.alloc().buffer(HEAD_OF_PREFACE.length() + unread.readableBytes());
    Http2CallerConnection http2 = Http2CallerConnection.of(exchanges, address, secure);
    CallerRequest asked = request;
    if (asked == null) {
      channel.pipeline().addAfter(place.name(), "http2", http2);
      bytes.writeCharSequence(HEAD_OF_PREFACE, US_ASCII);
    } else {
      channel.write(Unpooled.copiedBuffer(SWITCHING, US_ASCII)); // before the codec's settings
      channel.pipeline().addAfter(place.name(), "http2", http2);
      http2.begin(settings, asked);
    }
    bytes.writeBytes(unread);
    place.fireChannelRead(bytes);
    channel.pipeline().remove(former);
  }

  private static boolean isAskedFor(CallerRequest request) {
    for (Header header : request.headers()) {
      if (header.name().equals("upgrade")) {
        for (String protocol : header.value().split(",", -1)) {
          if (protocol.strip().equalsIgnoreCase("h2c")) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private static Http2Settings settingsIn(String coded) {
    ByteBuffer bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(coded));
    if (bytes.remaining() % SETTING_BYTES != 0) {
      throw new IllegalArgumentException("settings: bytes=" + bytes.remaining());
    }
    Http2Settings settings = new Http2Settings();
    while (bytes.hasRemaining()) {
      char id = bytes.getChar();
      settings.put(id, Long.valueOf(Integer.toUnsignedLong(bytes.getInt())));
    }
    return settings;
  }
}
