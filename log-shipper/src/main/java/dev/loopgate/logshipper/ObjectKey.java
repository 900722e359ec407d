package dev.loopgate.logshipper;

/// The name of an object in a store, relative to its root.
///
/// @param path parts joined with `/`, none of them empty, `.` or `..`; printable ASCII
public record ObjectKey(String path) {
  public ObjectKey {
    if (!isValid(path)) {
      throw new IllegalArgumentException("object key: path=" + path);
    }
  }

  /// Whether `path` can be one.
  static boolean isValid(String path) {
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c <= 0x20 || c > 0x7e || c == '\\') {
        return false;
      }
    }
    for (String part : path.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return path;
  }
}
