package dev.loopgate.app;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/// A configuration file: YAML whose keys are names of settings, nested or with dots. Only texts,
/// lists and mappings are taken from it; nothing in it names a Java type.
final class ConfigFile {
  private static final long LENGTH_MAX = 1 << 20;
  private static final int DEPTH_MAX = 8;

  private final String name;
  private final Map<String, Raw> values = new LinkedHashMap<>();

  private ConfigFile(String name) {
    this.name = name;
  }

  /// The values of the file by setting.
  ///
  /// @throws UsageException when the file is not there, not YAML, or names something unknown or
  ///   twice
  static Map<String, Raw> read(Path path) throws UsageException {
    ConfigFile file = new ConfigFile(path.toString());
    Optional<Node> root = file.compose(file.text(path));
    if (root.isPresent() && !isNothing(root.get())) {
      file.flatten("", root.get(), 0);
    }
    return file.values;
  }

  /// The value in one line of YAML, as an option or a variable holds it.
  ///
  /// @throws NotAllowedException when `text` is no YAML
  static Raw inline(String where, String text) {
    ConfigFile file = new ConfigFile(where);
    try {
      Optional<Node> root = file.compose(text);
      return root.isEmpty() ? new Raw.Text(where, "") : file.raw(root.get(), 0);
    } catch (UsageException _) {
      throw new NotAllowedException(
          "a list in YAML like [{id: churn, url: \"http://127.0.0.1:5000\"}]");
    }
  }

  private static boolean isNothing(Node node) {
    return node instanceof ScalarNode scalar && scalar.getValue().isEmpty();
  }

  private String text(Path path) throws UsageException {
    try {
      if (Files.isDirectory(path)) {
        throw new UsageException(name + ": is a directory; allowed: a YAML file");
      }
      if (Files.size(path) > LENGTH_MAX) {
        throw new UsageException(
            name + ": length=" + Files.size(path) + " bytes; allowed: at most " + LENGTH_MAX);
      }
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(Files.readAllBytes(path)))
          .toString();
    } catch (NoSuchFileException _) {
      throw new UsageException(name + ": there is no such configuration file");
    } catch (CharacterCodingException _) {
      throw new UsageException(name + ": is not UTF-8; allowed: a YAML file in UTF-8");
    } catch (IOException e) {
      throw new UsageException(name + ": can't be read (" + e.getClass().getSimpleName() + ")");
    }
  }

  private Optional<Node> compose(String text) throws UsageException {
    LoadSettings settings =
        LoadSettings.builder().setLabel(name).setMaxAliasesForCollections(0).build();
    try {
      return new Compose(settings).composeString(text);
    } catch (MarkedYamlEngineException e) {
      String at = e.getProblemMark().map(this::at).orElse(name);
      throw new UsageException(at + ": not YAML: " + oneLine(e.getProblem()));
    } catch (YamlEngineException e) {
      throw new UsageException(name + ": not YAML: " + oneLine(String.valueOf(e.getMessage())));
    } catch (StackOverflowError _) { // the parser calls itself, and has no bound of its own
      throw new UsageException(name + ": nested too deep; allowed: " + DEPTH_MAX + " levels");
    }
  }

  private void flatten(String path, Node node, int depth) throws UsageException {
    if (!(node instanceof MappingNode mapping) || depth > DEPTH_MAX) {
      throw new UsageException(
          at(node)
              + ": "
              + (path.isEmpty() ? "the file" : Shown.of(path))
              + " is no mapping; allowed: settings with their values, like listen: 127.0.0.1:8080");
    }
    for (NodeTuple entry : mapping.getValue()) {
      String key = key(entry.getKeyNode());
      String full = path.isEmpty() ? key : path + "." + key;
      boolean hasNested =
          SettingsTable.names().stream().anyMatch(name -> name.startsWith(full + "."));
      if (hasNested && entry.getValueNode() instanceof MappingNode) {
        flatten(full, entry.getValueNode(), depth + 1);
      } else if (SettingsTable.names().contains(full)) {
        Raw before = values.put(full, raw(entry.getValueNode(), 0));
        if (before != null) {
          throw new UsageException(
              at(entry.getKeyNode()) + ": " + full + " stands twice, first at " + before.where());
        }
      } else if (hasNested) {
        flatten(full, entry.getValueNode(), depth + 1);
      } else {
        throw new UsageException(
            at(entry.getKeyNode())
                + ": unknown setting "
                + Shown.of(full)
                + Shown.didYouMean(full, SettingsTable.names())
                + " (loopgate config lists all)");
      }
    }
  }

  private Raw raw(Node node, int depth) throws UsageException {
    if (depth > DEPTH_MAX) {
      throw new UsageException(at(node) + ": nested too deep; allowed: " + DEPTH_MAX + " levels");
    }
    if (node instanceof ScalarNode scalar) {
      return new Raw.Text(at(node), scalar.getValue());
    }
    if (node instanceof SequenceNode sequence) {
      List<Raw> items = new ArrayList<>();
      for (Node item : sequence.getValue()) {
        items.add(raw(item, depth + 1));
      }
      return new Raw.Items(at(node), items);
    }
    Map<String, Raw> fields = new LinkedHashMap<>();
    for (NodeTuple entry : ((MappingNode) node).getValue()) {
      String key = key(entry.getKeyNode());
      if (fields.put(key, raw(entry.getValueNode(), depth + 1)) != null) {
        throw new UsageException(at(entry.getKeyNode()) + ": " + Shown.of(key) + " stands twice");
      }
    }
    return new Raw.Fields(at(node), fields);
  }

  private String key(Node node) throws UsageException {
    if (node instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    throw new UsageException(at(node) + ": a key is no text; allowed: names of settings");
  }

  private String at(Node node) {
    return node.getStartMark().map(this::at).orElse(name);
  }

  private String at(Mark mark) {
    return name + ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1);
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s+", " ");
  }
}
