package dev.loopgate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/// Objects as a table: a column for each field, those of inner objects with dots. A column that is
/// empty in all rows is left out.
final class Table {
  /// A longer cell is cut.
  static final int CELL_MAX = 50;

  /// No line is wider as long as each column has 8 characters.
  static final int WIDTH_MAX = 200;

  private static final String GAP = "  ";
  private static final int NARROWEST = 8;

  private Table() {}

  /// The text, without a line break at its end.
  static String of(List<ObjectNode> shown) {
    if (shown.isEmpty()) {
      return "Empty!";
    }
    List<Map<String, String>> rows = new ArrayList<>();
    Set<String> names = new LinkedHashSet<>();
    for (ObjectNode each : shown) {
      Map<String, String> row = new LinkedHashMap<>();
      flatten("", each, row);
      row.values().removeIf(String::isEmpty);
      names.addAll(row.keySet());
      rows.add(row);
    }
    List<List<String>> columns = new ArrayList<>();
    for (String name : names) {
      List<String> column = new ArrayList<>();
      column.add(PrintableText.line(name, CELL_MAX));
      rows.forEach(row -> column.add(row.getOrDefault(name, "")));
      columns.add(column);
    }
    return text(columns);
  }

  private static void flatten(String prefix, JsonNode node, Map<String, String> row) {
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      String name = prefix.isEmpty() ? field.getKey() : prefix + "." + field.getKey();
      JsonNode value = field.getValue();
      if (value.isObject() && !value.isEmpty()) {
        flatten(name, value, row);
      } else {
        row.put(name, PrintableText.line(cell(value), CELL_MAX));
      }
    }
  }

  private static String cell(JsonNode value) {
    if (value.isNull() || (value.isContainerNode() && value.isEmpty())) {
      return "";
    }
    return value.isContainerNode() ? JsonText.compact(value) : value.asText();
  }

  private static String text(List<List<String>> columns) {
    int[] widths = widths(columns);
    List<String> lines = new ArrayList<>();
    for (int row = 0; row < columns.getFirst().size(); row++) {
      int at = row;
      int height =
          IntStream.range(0, widths.length)
              .map(column -> parts(columns.get(column).get(at), widths[column]))
              .max()
              .orElse(1);
      for (int part = 0; part < height; part++) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < widths.length; column++) {
          String cell = part(columns.get(column).get(row), part, widths[column]);
          line.append(cell).append(" ".repeat(widths[column] - cell.length())).append(GAP);
        }
        lines.add(line.toString().stripTrailing());
      }
    }
    return String.join("\n", lines);
  }

  /// The widest column gives way until the line fits; what does not fit goes on in the next line.
  private static int[] widths(List<List<String>> columns) {
    int[] widths =
        columns.stream()
            .mapToInt(column -> column.stream().mapToInt(String::length).max().orElse(0))
            .toArray();
    int gaps = GAP.length() * (widths.length - 1);
    while (IntStream.of(widths).sum() + gaps > WIDTH_MAX) {
      int widest =
          IntStream.range(0, widths.length)
              .boxed()
              .max(Comparator.comparingInt(column -> widths[column]))
              .orElse(0);
      if (widths[widest] <= NARROWEST) {
        break;
      }
      widths[widest]--;
    }
    return widths;
  }

  private static int parts(String cell, int width) {
    return Math.max(1, (cell.length() + width - 1) / width);
  }

  private static String part(String cell, int part, int width) {
    int from = Math.min(cell.length(), part * width);
    return cell.substring(from, Math.min(cell.length(), from + width));
  }
}
