package dev.loopgate.api;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Which [Endpoint] a request line names. Paths are matched as they stand on the wire, so that no
/// encoding turns one into another that other roles may ask for; only an id is decoded, later.
sealed interface EndpointMatch {
  /// One of them.
  ///
  /// @param wireId what stands for `{id}`, still percent-encoded and unchecked; empty where the
  ///   endpoint has none
  record Found(Endpoint endpoint, String wireId) implements EndpointMatch {}

  /// The path is one of ours, the method is none of its.
  ///
  /// @param allowed its methods, in the order of an `allow` header
  record WrongMethod(List<String> allowed) implements EndpointMatch {
    public WrongMethod {
      allowed = List.copyOf(allowed);
    }
  }

  /// None of ours.
  record Unknown() implements EndpointMatch {}

  /// The endpoint of this request line. HEAD is GET, whose body is not sent.
  ///
  /// @param path without query
  static EndpointMatch of(String method, String path) {
    if (!path.startsWith("/api/v1/") && !path.equals(Endpoint.HEALTH.template())) {
      return new Unknown(); // most paths, which are models', need no more than this
    }
    String asked = method.equals("HEAD") ? "GET" : method;
    String[] segments = path.split("/", -1);
    List<Template> matching = new ArrayList<>();
    for (Template each : Template.ALL) {
      if (each.matches(segments)) {
        matching.add(each);
      }
    }
    if (matching.stream().anyMatch(Template::isAction)) {
      matching.removeIf(each -> !each.isAction()); // what is done with a thing is no thing
    }
    for (Template each : matching) {
      if (each.endpoint.method().equals(asked)) {
        return new Found(each.endpoint, each.idIn(segments));
      }
    }
    return matching.isEmpty()
        ? new Unknown()
        : new WrongMethod(matching.stream().map(each -> each.endpoint.method()).toList());
  }

  /// An endpoint's path, taken apart once.
  record Template(Endpoint endpoint, List<String> segments) {
    private static final String ID = "{id}";
    private static final List<Template> ALL =
        Stream.of(Endpoint.values())
            .map(each -> new Template(each, List.of(each.template().split("/", -1))))
            .toList();

    public Template {
      segments = List.copyOf(segments);
    }

    boolean matches(String[] path) {
      if (path.length != segments.size()) {
        return false;
      }
      for (int i = 0; i < path.length; i++) {
        String segment = segments.get(i);
        if (segment.startsWith(ID) ? idOf(segment, path[i]).isEmpty() : !segment.equals(path[i])) {
          return false;
        }
      }
      return true;
    }

    /// Whether something stands behind its id, in the same segment.
    boolean isAction() {
      String last = segments.getLast();
      return last.startsWith(ID) && last.length() > ID.length();
    }

    /// What stands for the id; empty where it is another segment.
    private static String idOf(String segment, String asked) {
      String behind = segment.substring(ID.length());
      return asked.endsWith(behind) ? asked.substring(0, asked.length() - behind.length()) : "";
    }

    String idIn(String[] path) {
      for (int i = 0; i < path.length; i++) {
        if (segments.get(i).startsWith(ID)) {
          return idOf(segments.get(i), path[i]);
        }
      }
      return "";
    }
  }
}
