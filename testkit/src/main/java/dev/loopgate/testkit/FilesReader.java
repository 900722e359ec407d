package dev.loopgate.testkit;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/// Reads a files root as a stranger would: by the names of the contract and a JSON parser that is
/// not the product's. What does not fit is a problem, told with its path.
public final class FilesReader {
  // JSON has no limits; the parser's own would hide a line that is good.
  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder()
                      .maxNumberLength(Integer.MAX_VALUE)
                      .maxStringLength(Integer.MAX_VALUE)
                      .maxNameLength(Integer.MAX_VALUE)
                      .build())
              .build());
  private static final Pattern DATA =
      Pattern.compile(
          "(request_response|response_body|feedback)/([^/]+)/([^/]+)"
              + "/year=(\\d{4})/month=(\\d{2})/day=(\\d{2})/(\\d{10})_(\\d+)\\.json(\\.gz|\\.zst)?");
  private static final Pattern PART =
      Pattern.compile("\\((?:other|unknown)\\)|[A-Za-z0-9-][A-Za-z0-9._%-]*|%[0-9A-Fa-f]{2}.*");
  private static final Pattern MANIFEST =
      Pattern.compile(
          "_manifest/year=(\\d{4})/month=(\\d{2})/day=(\\d{2})/(\\d{10})\\.([0-9a-f]{12})"
              + "(?:\\.r(\\d+))?\\.json");

  /// A manifest.
  ///
  /// @param hour `YYYYMMDDHH`
  /// @param instance the gateway's
  /// @param revision 1 is the first
  /// @param content all of it
  public record Manifest(String hour, String instance, int revision, JsonNode content) {}

  private final Path root;
  private final List<String> problems = new ArrayList<>();
  private final Map<String, Manifest> manifests = new TreeMap<>();
  private final Map<String, TreeSet<Integer>> numbers = new TreeMap<>();

  private FilesReader(Path root) {
    this.root = root;
  }

  /// Gives each line of each data file below `root` to `lines`, file by file in the order of names.
  public static FilesReader read(Path root, Consumer<FileLine> lines) throws IOException {
    return read(root, _ -> true, lines);
  }

  /// The same for those files whose path below `root` is wanted.
  public static FilesReader read(Path root, Predicate<String> wanted, Consumer<FileLine> lines)
      throws IOException {
    FilesReader reader = new FilesReader(root);
    for (Path file : filesBelow(root)) {
      if (wanted.test(root.relativize(file).toString())) {
        reader.readFile(file, lines);
      }
    }
    return reader;
  }

  /// All lines, for roots known to be small.
  public static List<FileLine> lines(Path root) throws IOException {
    List<FileLine> lines = new ArrayList<>();
    FilesReader reader = read(root, lines::add);
    if (!reader.problems.isEmpty()) {
      throw new IOException("files: problems=" + reader.problems);
    }
    return lines;
  }

  /// What does not fit: names, lines that are no JSON object, an hour that is not the record's.
  public List<String> problems() {
    return List.copyOf(problems);
  }

  /// Partition-hours whose `n` do not count from 0 without a hole: a fault where one gateway wrote.
  public List<String> holes() {
    List<String> holes = new ArrayList<>();
    numbers.forEach((partition, seen) -> {
      if (seen.last() != seen.size() - 1) {
        holes.add("not dense from 0: partition=" + partition + ", n=" + seen);
      }
    });
    return holes;
  }

  /// The highest revision of each hour and instance.
  public List<Manifest> manifests() {
    return List.copyOf(manifests.values());
  }

  private static List<Path> filesBelow(Path root) throws IOException {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    List<Path> files = new ArrayList<>();
    try (Stream<Path> walk = Files.walk(root)) {
      walk.filter(Files::isRegularFile)
          // Staging of the local store; hidden from readers by its name.
          .filter(file -> !root.relativize(file).startsWith(".staging"))
          .sorted()
          .forEach(files::add);
    }
    return files;
  }

  private void readFile(Path file, Consumer<FileLine> lines) throws IOException {
    String path = root.relativize(file).toString();
    Matcher manifest = MANIFEST.matcher(path);
    if (manifest.matches()) {
      keepManifest(file, manifest);
      return;
    }
    Matcher data = DATA.matcher(path);
    if (!data.matches() || !dateFits(data)) {
      problems.add("name: path=" + path);
      return;
    }
    if (!PART.matcher(data.group(2)).matches() || !PART.matcher(data.group(3)).matches()) {
      problems.add("partition: path=" + path);
    }
    String partition = path.substring(0, path.lastIndexOf('_'));
    int number = Integer.parseInt(data.group(8));
    numbers.computeIfAbsent(partition, _ -> new TreeSet<>()).add(number);
    try (BufferedReader reader = open(file)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        readLine(path, data, number, line, lines);
      }
    }
  }

  private void readLine(
      String path, Matcher data, int number, String text, Consumer<FileLine> lines) {
    JsonNode record;
    try {
      record = JSON.readTree(text);
    } catch (IOException e) {
      problems.add("line: path=" + path + ", error=" + e.getMessage());
      return;
    }
    if (!record.isObject()) {
      problems.add("line is no object: path=" + path);
      return;
    }
    String hour = data.group(7);
    FileLine line =
        new FileLine(path, data.group(1), data.group(2), data.group(3), hour, number, record);
    String time = line.text("time");
    if (!time.matches("\\d{4}-\\d{2}-\\d{2} \\d{2}:\\d{2}:\\d{2} \\+0000")
        || !time.substring(0, 13).replaceAll("[- ]", "").equals(hour)) {
      problems.add("hour: path=" + path + ", time=" + time);
    }
    lines.accept(line);
  }

  private static boolean dateFits(Matcher data) {
    return data.group(7).startsWith(data.group(4) + data.group(5) + data.group(6));
  }

  private void keepManifest(Path file, Matcher name) throws IOException {
    int revision = name.group(6) == null ? 1 : Integer.parseInt(name.group(6));
    JsonNode content = JSON.readTree(Files.readString(file));
    Manifest manifest = new Manifest(name.group(4), name.group(5), revision, content);
    manifests.merge(
        manifest.hour() + "." + manifest.instance(),
        manifest,
        (a, b) -> a.revision() > b.revision() ? a : b);
  }

  private static BufferedReader open(Path file) throws IOException {
    InputStream in = Files.newInputStream(file);
    if (file.toString().endsWith(".gz")) {
      in = new GZIPInputStream(in);
    } else if (file.toString().endsWith(".zst")) {
      in = new ZstdInputStream(in);
    }
    return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
  }
}
