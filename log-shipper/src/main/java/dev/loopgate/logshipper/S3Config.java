package dev.loopgate.logshipper;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/// How S3, or a store that speaks its protocol, is asked. Credentials are none of it: the client
/// finds them as all of AWS' tools do.
///
/// @param endpoint of another store than AWS'; null for AWS'
/// @param region null for what the client finds, and `us-east-1` beside an endpoint
/// @param pathStyle the bucket's name is part of the path, not of the host
/// @param encryption of what is stored, by the store
/// @param storageClass null for the bucket's own
/// @param requesterPays whoever asks pays
/// @param integrity how the store is told what the bytes must be
/// @param names what keeps gateways from replacing each other's files
public record S3Config(
    @Nullable URI endpoint,
    @Nullable String region,
    boolean pathStyle,
    Encryption encryption,
    @Nullable String storageClass,
    boolean requesterPays,
    Integrity integrity,
    Names names) {

  /// AWS, with everything as it is there.
  public static final S3Config DEFAULT =
      new S3Config(
          null, null, false, Encryption.NONE, null, false, Integrity.CRC32C, Names.CREATE_ONLY);

  /// How the store encrypts.
  ///
  /// @param algorithm `AES256` or `aws:kms`; null for the bucket's own
  /// @param kmsKey of `aws:kms`; null for the account's own
  public record Encryption(@Nullable String algorithm, @Nullable String kmsKey) {
    /// Whatever the bucket does.
    public static final Encryption NONE = new Encryption(null, null);
  }

  /// How files get names that are theirs alone.
  public enum Names {
    /// Numbers that all gateways share: the store creates with `If-None-Match`, or refuses.
    CREATE_ONLY,
    /// Numbers that no other gateway gives, for stores that do not know `If-None-Match`.
    UNIQUE
  }

  /// What the store compares the bytes of an upload with.
  public enum Integrity {
    /// The CRC32C that was computed as the file was staged.
    CRC32C,
    /// `Content-MD5`, for stores that do not know checksums.
    MD5
  }
}
