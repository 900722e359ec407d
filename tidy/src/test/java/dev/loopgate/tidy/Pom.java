package dev.loopgate.tidy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/// What a room's POM says.
///
/// @param description the room's sentence
record Pom(String description, List<Dependency> dependencies) {
  /// @param scope `compile` when the POM names none
  /// @param version empty when the POM names none
  record Dependency(String group, String artifact, String scope, String version) {
    boolean isRoom() {
      return group.equals("dev.loopgate");
    }
  }

  static Pom of(String room) {
    try {
      Element project =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(Repository.ROOT.resolve(room).resolve("pom.xml").toFile())
              .getDocumentElement();
      List<Dependency> dependencies = new ArrayList<>();
      for (Element list : children(project, "dependencies")) {
        for (Element dependency : children(list, "dependency")) {
          String scope = text(dependency, "scope");
          dependencies.add(
              new Dependency(
                  text(dependency, "groupId"),
                  text(dependency, "artifactId"),
                  scope.isEmpty() ? "compile" : scope,
                  text(dependency, "version")));
        }
      }
      return new Pom(text(project, "description"), List.copyOf(dependencies));
    } catch (IOException | SAXException | ParserConfigurationException e) {
      throw new IllegalStateException("pom: room=" + room, e);
    }
  }

  private static String text(Element parent, String name) {
    List<Element> found = children(parent, name);
    return found.isEmpty() ? "" : found.getFirst().getTextContent().strip();
  }

  private static List<Element> children(Element parent, String name) {
    List<Element> found = new ArrayList<>();
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element && element.getTagName().equals(name)) {
        found.add(element);
      }
    }
    return found;
  }
}
