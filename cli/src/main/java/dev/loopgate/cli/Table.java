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

/// Objects as a table: a column for each field, those of inner objects with dots. A column that is
/// empty in all rows is left out.
final class Table {
  /// A longer cell is cut.
  static final int CELL_MAX = 50;

  /// No line is wider: what does not fit is left out, and its columns are counted.
  static final int WIDTH_MAX = 200;

  private static final String GAP = "  ";

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

  private static String text(List<List<String>> all) {
    List<List<String>> columns = fitting(all);
    List<String> lines = new ArrayList<>();
    for (int row = 0; row < columns.getFirst().size(); row++) {
      StringBuilder line = new StringBuilder();
      for (List<String> column : columns) {
        String cell = column.get(row);
        line.append(cell).append(" ".repeat(width(column) - cell.length())).append(GAP);
      }
      lines.add(line.toString().stripTrailing());
    }
    if (columns.size() < all.size()) {
      lines.add("(" + (all.size() - columns.size()) + " columns more: -o yaml)");
    }
    return String.join("\n", lines);
  }

  /// All, in their order, where they fit; else those that tell most, first.
  private static List<List<String>> fitting(List<List<String>> columns) {
    if (widthOfAll(columns) <= WIDTH_MAX) {
      return columns;
    }
    List<List<String>> kept = new ArrayList<>();
    List<List<String>> ranked = new ArrayList<>(columns);
    ranked.sort(Comparator.comparingInt(column -> rank(column.getFirst())));
    for (List<String> column : ranked) {
      kept.add(column);
      if (widthOfAll(kept) > WIDTH_MAX) {
        kept.removeLast();
      }
    }
    return kept;
  }

  private static int rank(String name) {
    if (name.equals("kind") || name.equals("id")) {
      return 0;
    }
    return name.startsWith("status.") ? 1 : 2;
  }

  private static int width(List<String> column) {
    return column.stream().mapToInt(String::length).max().orElse(0);
  }

  private static int widthOfAll(List<List<String>> columns) {
    return columns.stream().mapToInt(column -> width(column) + GAP.length()).sum() - GAP.length();
  }
}
