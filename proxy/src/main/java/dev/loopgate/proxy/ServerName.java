package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The server's name in how TLS begins (RFC 6066, section 3). Only the first record is looked at,
/// which is at most 16 KiB: a greeting in several of them names nobody.
public final class ServerName {
  /// The caller named no server.
  public static final String NONE = "(none)";

  /// What it said is no name, or could not be read.
  public static final String INVALID = "(invalid)";

  private static final Pattern HOST = Pattern.compile("[a-z0-9_]([a-z0-9_.-]{0,252})");
  private static final int RECORD_HEADER_BYTES = 5;
  private static final int RECORD_BYTES_MAX = 16 << 10;
  private static final int HANDSHAKE_HEADER_BYTES = 4;
  private static final int VERSION_AND_RANDOM_BYTES = 34;
  private static final int SERVER_NAME = 0;
  private static final int HOST_NAME = 0;

  private ServerName() {}

  /// The name, [#NONE], [#INVALID], or null when more has to come first.
  ///
  /// @param hello what came so far, from its first byte; nothing is taken
  static @Nullable String in(ByteBuf hello) {
    if (hello.readableBytes() < RECORD_HEADER_BYTES) {
      return null;
    }
    int length = hello.getUnsignedShort(hello.readerIndex() + RECORD_HEADER_BYTES - 2);
    if (length > RECORD_BYTES_MAX) {
      return INVALID;
    }
    if (hello.readableBytes() < RECORD_HEADER_BYTES + length) {
      return null;
    }
    try {
      return named(hello.slice(hello.readerIndex() + RECORD_HEADER_BYTES, length));
    } catch (IndexOutOfBoundsException _) {
      return INVALID; // a length in it leads beyond it
    }
  }

  private static String named(ByteBuf record) {
    record.skipBytes(HANDSHAKE_HEADER_BYTES + VERSION_AND_RANDOM_BYTES);
    record.skipBytes(record.readUnsignedByte()); // session
    record.skipBytes(record.readUnsignedShort()); // cipher suites
    record.skipBytes(record.readUnsignedByte()); // compression
    if (!record.isReadable()) {
      return NONE; // no extensions
    }
    ByteBuf extensions = record.readSlice(record.readUnsignedShort());
    while (extensions.isReadable()) {
      int type = extensions.readUnsignedShort();
      ByteBuf extension = extensions.readSlice(extensions.readUnsignedShort());
      if (type == SERVER_NAME) {
        return nameIn(extension);
      }
    }
    return NONE;
  }

  private static String nameIn(ByteBuf extension) {
    ByteBuf names = extension.readSlice(extension.readUnsignedShort());
    while (names.isReadable()) {
      int type = names.readUnsignedByte();
      ByteBuf name = names.readSlice(names.readUnsignedShort());
      if (type == HOST_NAME) {
        String text = name.toString(ISO_8859_1).toLowerCase(Locale.ROOT);
        return HOST.matcher(text).matches() ? text : INVALID;
      }
    }
    return NONE;
  }
}
