package dev.loopgate.spool;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.ModelIdentity;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// What a dictionary record names by a number. Names longer than [#NAME_LENGTH_MAX] are cut: the
/// entry itself has them whole.
record ModelKey(EntryKind kind, String name, String version) {
  static final int NAME_LENGTH_MAX = 1024;

  ModelKey {
    name = cut(name);
    version = cut(version);
  }

  /// The payload of its dictionary record.
  ByteBuffer encoded() {
    byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
    byte[] versionBytes = version.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(5 + nameBytes.length + versionBytes.length);
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    bytes.put((byte) kind.number()).putInt(nameBytes.length).put(nameBytes).put(versionBytes);
    return bytes.flip();
  }

  /// From the payload of a dictionary record whose checksum fits.
  static ModelKey decoded(ByteBuffer payload) {
    ByteBuffer bytes = payload.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    EntryKind kind = EntryKind.ofNumber(bytes.get());
    byte[] name = new byte[bytes.getInt()];
    bytes.get(name);
    byte[] version = new byte[bytes.remaining()];
    bytes.get(version);
    return new ModelKey(
        kind,
        new String(name, StandardCharsets.UTF_8),
        new String(version, StandardCharsets.UTF_8));
  }

  ModelIdentity model() {
    return new ModelIdentity(
        name.isEmpty() ? "(unknown)" : name, version.isEmpty() ? "(unknown)" : version);
  }

  private static String cut(String text) {
    return text.length() <= NAME_LENGTH_MAX ? text : text.substring(0, NAME_LENGTH_MAX);
  }
}
