package dev.loopgate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.ConstructNode;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.common.NonPrintableStyle;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.resolver.CoreScalarResolver;
import org.snakeyaml.engine.v2.resolver.ScalarResolver;
import org.snakeyaml.engine.v2.schema.CoreSchema;
import org.snakeyaml.engine.v2.schema.Schema;

/// Trees of JSON as YAML for people.
final class YamlText {
  /// What readers of YAML 1.1 would take for something else than a text, so that it is quoted.
  private static final class OlderReaders implements Schema {
    private static final Pattern OTHERS =
        Pattern.compile(
            "(?i:y|n|yes|no|on|off)" // truths
                + "|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*" // times
                + "|[-+]?[0-9][0-9_:]*(\\.[0-9_]*)?|[-+]?0[xob][0-9a-fA-F_]+"); // numbers

    private final CoreSchema core = new CoreSchema();
    private final CoreScalarResolver resolver = new CoreScalarResolver(false);

    OlderReaders() {
      resolver.addImplicitResolver(
          new Tag("tag:yaml.org,2002:older"), OTHERS, "yYnNoO+-0123456789");
    }

    @Override
    public ScalarResolver getScalarResolver() {
      return resolver;
    }

    @Override
    public Map<Tag, ConstructNode> getSchemaTagConstructors() {
      return core.getSchemaTagConstructors();
    }
  }

  private static final DumpSettings SETTINGS =
      DumpSettings.builder()
          .setDefaultFlowStyle(FlowStyle.BLOCK)
          .setSchema(new OlderReaders())
          .setNonPrintableStyle(NonPrintableStyle.ESCAPE)
          .setUseUnicodeEncoding(true)
          .setSplitLines(false)
          .build();

  private YamlText() {}

  /// The text, with a line break at its end.
  static String of(JsonNode tree) {
    return new Dump(SETTINGS).dumpToString(plain(tree));
  }

  private static @Nullable Object plain(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        node.properties().forEach(each -> map.put(each.getKey(), plain(each.getValue())));
        yield map;
      }
      case ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>();
        node.forEach(each -> list.add(plain(each)));
        yield list;
      }
      case BOOLEAN -> node.booleanValue();
      case NUMBER -> node.numberValue();
      case NULL, MISSING -> null;
      case STRING, BINARY, POJO -> node.asText();
    };
  }
}
