package dev.loopgate.logshipper;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/// Where published files lie: a local directory, or a bucket and what all its keys begin with.
public sealed interface FilesRoot extends Destination {
  /// What a root may look like, in a few words.
  String ALLOWED = "a path, file:///path, s3://bucket/prefix or gs://bucket/prefix";

  /// A directory of this machine.
  record Local(Path directory) implements FilesRoot {
    @Override
    public String toString() {
      return directory.toString();
    }
  }

  /// A bucket of S3, or of a store that speaks its protocol.
  ///
  /// @param prefix empty, or parts joined with `/`
  record S3(String bucket, String prefix) implements FilesRoot {
    @Override
    public String toString() {
      return shown(S3_SCHEME, bucket, prefix);
    }
  }

  /// A bucket of Google Cloud Storage.
  ///
  /// @param prefix empty, or parts joined with `/`
  record Gcs(String bucket, String prefix) implements FilesRoot {
    @Override
    public String toString() {
      return shown(GCS_SCHEME, bucket, prefix);
    }
  }

  /// No files at all: entries go elsewhere.
  record Nowhere() implements FilesRoot {
    @Override
    public String toString() {
      return "none";
    }
  }

  /// How a bucket of S3 begins.
  String S3_SCHEME = "s3://";

  /// How a bucket of Google Cloud Storage begins.
  String GCS_SCHEME = "gs://";

  /// The root that `text` names.
  ///
  /// @throws IllegalArgumentException when it is none; the message says what is allowed
  static FilesRoot parse(String text) {
    if (text.startsWith(S3_SCHEME)) {
      String[] parts = bucketAndPrefix(text.substring(S3_SCHEME.length()), Names.S3_BUCKET);
      return new S3(parts[0], parts[1]);
    }
    if (text.startsWith(GCS_SCHEME)) {
      String[] parts = bucketAndPrefix(text.substring(GCS_SCHEME.length()), Names.GCS_BUCKET);
      return new Gcs(parts[0], parts[1]);
    }
    try {
      if (text.startsWith("file:")) {
        return new Local(Path.of(new URI(text)));
      }
      if (text.isEmpty()
          || Names.SCHEME.matcher(text).lookingAt()
          || text.chars().anyMatch(Character::isISOControl)) {
        throw new IllegalArgumentException(ALLOWED);
      }
      return new Local(Path.of(text));
    } catch (URISyntaxException | InvalidPathException e) {
      throw new IllegalArgumentException(ALLOWED, e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(ALLOWED, e); // a URI that is no file's
    }
  }

  /// Whether files go over the network.
  default boolean isRemote() {
    return this instanceof S3 || this instanceof Gcs;
  }

  private static String[] bucketAndPrefix(String text, Pattern bucketForm) {
    String path = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    int slash = path.indexOf('/');
    String bucket = slash < 0 ? path : path.substring(0, slash);
    String prefix = slash < 0 ? "" : path.substring(slash + 1);
    if (!bucketForm.matcher(bucket).matches()) {
      throw new IllegalArgumentException(
          ALLOWED
              + "; a bucket's name has at least 3 characters: lower-case letters, digits, '-' and '.',"
              + " and begins and ends with a letter or digit");
    }
    if (prefix.length() > Names.PREFIX_MAX || (slash >= 0 && !isKey(prefix))) {
      throw new IllegalArgumentException(
          ALLOWED
              + "; a prefix has at most "
              + Names.PREFIX_MAX
              + " characters, and no part of it is empty, or begins with a dot");
    }
    return new String[] {bucket, prefix};
  }

  private static boolean isKey(String prefix) {
    for (String part : prefix.split("/", -1)) {
      if (!Names.PART.matcher(part).matches()) {
        return false;
      }
    }
    return true;
  }

  private static String shown(String scheme, String bucket, String prefix) {
    return scheme + bucket + (prefix.isEmpty() ? "" : "/" + prefix);
  }

  /// The forms of the parts of a root.
  final class Names {
    private static final Pattern S3_BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
    private static final Pattern GCS_BUCKET = Pattern.compile("[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]");
    // A part that begins with a dot would be hidden from readers, ours too.
    private static final Pattern PART =
        Pattern.compile("[A-Za-z0-9!_'()*=+,@%-][A-Za-z0-9!_.'()*=+,@%-]*");
    // What looks like a URL is no path: `s3:/bucket` would be a folder of the container's own disk.
    private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:");
    private static final int PREFIX_MAX = 512; // a key has at most 1,024 bytes, ours about 400

    private Names() {}
  }
}
