package dev.loopgate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.jayway.jsonpath.Configuration;
import com.jayway.jsonpath.InvalidPathException;
import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.JsonPathException;
import com.jayway.jsonpath.Option;
import com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider;
import com.jayway.jsonpath.spi.mapper.JacksonMappingProvider;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// How what was asked for is shown: always as a list, even of one.
///
/// @param path of JSON, for [Form#JSONPATH] alone
record OutputFormat(Form form, String path) {
  // What ends a path and makes one value of what it finds.
  private static final Pattern FUNCTION =
      Pattern.compile("\\.(length|size|min|max|avg|sum|stddev|keys|first|last)\\(\\)$");

  private static final String JSONPATH = "jsonpath=";

  /// The forms.
  enum Form {
    YAML,
    JSON,
    TABLE,
    NAME,
    JSONPATH
  }

  /// What an option says, empty when there is no such format.
  static Optional<OutputFormat> of(String text) {
    if (text.startsWith(JSONPATH)) {
      return Optional.of(new OutputFormat(Form.JSONPATH, text.substring(JSONPATH.length())));
    }
    return switch (text) {
      case "", "yaml" -> Optional.of(new OutputFormat(Form.YAML, ""));
      case "json" -> Optional.of(new OutputFormat(Form.JSON, ""));
      case "table" -> Optional.of(new OutputFormat(Form.TABLE, ""));
      case "name" -> Optional.of(new OutputFormat(Form.NAME, ""));
      default -> Optional.empty();
    };
  }

  /// The text of these, without a line break at its end.
  ///
  /// @throws ClientException when the path is none
  String text(List<ObjectNode> shown) throws ClientException {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    shown.forEach(list::add);
    return switch (form) {
      case YAML -> YamlText.of(list).stripTrailing();
      case JSON -> JsonText.pretty(list);
      case TABLE -> Table.of(shown);
      case NAME ->
          shown.stream()
              .map(each -> PrintableText.line(each.path("id").asText("")))
              .collect(Collectors.joining("\n"));
      case JSONPATH -> found(list);
    };
  }

  private String found(ArrayNode list) throws ClientException {
    JsonNode found;
    try {
      Configuration configuration =
          Configuration.builder()
              .jsonProvider(new JacksonJsonNodeJsonProvider())
              .mappingProvider(new JacksonMappingProvider())
              .options(Option.ALWAYS_RETURN_LIST, Option.SUPPRESS_EXCEPTIONS)
              .build();
      JsonPath compiled = JsonPath.compile(rooted());
      if (FUNCTION.matcher(path).find()) {
        Configuration plain = configuration.setOptions(new Option[0]);
        @Nullable Object one = JsonPath.using(plain).parse(list).<Object>read(compiled);
        return one == null ? "[]" : bare(JsonText.tree(one));
      }
      found = JsonPath.using(configuration).parse(list).read(compiled);
    } catch (InvalidPathException | IllegalArgumentException e) {
      throw new ClientException(
          "jsonpath \""
              + path
              + "\" is not valid: "
              + PrintableText.line(e.getMessage() + "", 300));
    } catch (JsonPathException e) {
      throw new ClientException(
          "jsonpath \"" + path + "\" fails: " + PrintableText.line(e.getMessage() + "", 300));
    }
    if (found.size() != 1) {
      return JsonText.line(found);
    }
    return bare(found.get(0));
  }

  private static String bare(JsonNode only) {
    return only.isTextual() ? PrintableText.lines(only.asText()) : JsonText.line(only);
  }

  private String rooted() {
    if (path.startsWith("$")) {
      return path;
    }
    return path.startsWith("[") || path.startsWith(".") ? "$" + path : "$." + path;
  }
}
