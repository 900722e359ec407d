package dev.loopgate.fleet;

/// What dot segments of a path would do, if somebody resolved them: here nobody does.
final class DotSegments {
  private DotSegments() {}

  /// Whether they lead above where the path begins. What some server may take for a slash or a dot
  /// counts as one.
  static boolean climbOut(String path) {
    if (path.indexOf("..") < 0 && path.indexOf('%') < 0) {
      return false;
    }
    String seen = path.replaceAll("(?i)%2e", ".").replaceAll("(?i)%2f|%5c", "/").replace('\\', '/');
    int depth = 0;
    for (String segment : seen.split("/", -1)) {
      int parameters = segment.indexOf(';');
      String name = parameters < 0 ? segment : segment.substring(0, parameters);
      if (name.equals("..")) {
        depth--;
      } else if (!name.isEmpty() && !name.equals(".")) {
        depth++;
      }
      if (depth < 0) {
        return true;
      }
    }
    return false;
  }
}
