package dev.loopgate.api;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// What is served as it is, and the entity tag of just these bytes. Nobody changes them.
final class TaggedBytes {
  private static final int TAG_BYTES = 16;

  private final String type;
  private final byte[] bytes;
  private final String tag;

  TaggedBytes(String type, byte[] bytes) {
    this.type = type;
    this.bytes = bytes;
    this.tag = HexFormat.of().formatHex(digest(bytes), 0, TAG_BYTES);
  }

  /// All of it, or that the caller has it.
  ///
  /// @param cached what a cache may do
  ApiReply reply(ApiRequest request, String cached) {
    EntityTags had = EntityTags.parse(request.list("if-none-match"));
    boolean isHad = had.any() || had.strong().contains(tag) || had.weak().contains(tag);
    return (isHad ? ApiReply.notModified() : ApiReply.of(200, type, bytes))
        .with("etag", '"' + tag + '"')
        .with("cache-control", cached);
  }

  private static byte[] digest(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("each JDK has SHA-256", e);
    }
  }
}
