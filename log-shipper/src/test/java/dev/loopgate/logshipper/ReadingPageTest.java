package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Body;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.RequestId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Blob;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What docs/reading.md says of DuckDB, statement by statement, on files of all compressions.
final class ReadingPageTest {
  private static final Pattern SQL = Pattern.compile("(?s)```sql\n(.*?);\n```");
  private static final byte[] BINARY = {0, (byte) 0xff, 10, 13};
  private static final String TEXT = "\u00fcn\u00efcode \ud83c\udf77\n\t\"quoted\" \\ \u2028 end";
  private static final String PAYLOAD =
      "{\"json\":9007199254740993,\"deep\":{\"a\":[1,\"b\",null]}}";

  @TempDir private Path root;

  @BeforeEach
  void publish() throws IOException {
    MemoryStore.Bucket bucket = new MemoryStore.Bucket();
    for (Compression compression : Compression.values()) {
      String word = compression.word();
      ShipperSim sim = new ShipperSim(1, bucket, "%-32s".formatted(word).replace(' ', '0'));
      sim.config = sim.config.withCompression(compression);
      sim.log.append(prediction(word + "-text", TEXT.getBytes(StandardCharsets.UTF_8), sim));
      sim.log.append(prediction(word + "-binary", BINARY, sim));
      for (String id : List.of("-text", "-binary", "-unknown")) {
        sim.log.append(
            new Feedback(
                new RequestId(word + id),
                new ModelIdentity("wine", "1"),
                sim.time.epochMillis(),
                PAYLOAD,
                ""));
      }
      sim.start();
      sim.workUntilDone();
    }
    for (Map.Entry<String, byte[]> object : bucket.objects().entrySet()) {
      Path file = root.resolve(object.getKey());
      Files.createDirectories(file.getParent());
      Files.write(file, object.getValue());
    }
  }

  private static Prediction prediction(String id, byte[] body, ShipperSim sim) {
    Prediction plain = FakeLog.prediction(id, "wine", "1", sim.time.epochMillis());
    return new Prediction(
        plain.requestId(),
        false,
        "",
        "",
        plain.target(),
        plain.request(),
        Body.of(body),
        plain.response(),
        Body.of(body),
        plain.ending(),
        plain.timing(),
        plain.grpc());
  }

  private List<List<Object>> rows(int statement) throws IOException, SQLException {
    Path page = Path.of(System.getProperty("loopgate.root", "..")).resolve("docs/reading.md");
    List<String> statements = new ArrayList<>();
    Matcher found = SQL.matcher(Files.readString(page));
    while (found.find()) {
      statements.add(found.group(1).replace("data/files", root.toString()));
    }
    assertThat(statements).hasSize(3);
    List<List<Object>> rows = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement asked = connection.createStatement();
        ResultSet answer = asked.executeQuery(statements.get(statement))) {
      while (answer.next()) {
        List<Object> row = new ArrayList<>();
        for (int i = 1; i <= answer.getMetaData().getColumnCount(); i++) {
          row.add(plain(answer.getObject(i)));
        }
        rows.add(row);
      }
    }
    return rows;
  }

  private static Object plain(Object value) throws SQLException {
    return switch (value) {
      case Blob blob -> blob.getBytes(1, (int) blob.length());
      case Number number -> number.longValue();
      default -> value.toString();
    };
  }

  @Test
  void countsThePredictionsOfAllEndings() throws Exception {
    assertThat(rows(0)).containsExactly(List.of("wine", "1", "200", 6L));
  }

  @Test
  void joinsWhatWasAskedAnsweredAndTold() throws Exception {
    List<List<Object>> rows = rows(1);

    assertThat(rows)
        .hasSize(6)
        .allSatisfy(row -> {
          assertThat(row.get(3)).isEqualTo(PAYLOAD);
          assertThat(row.get(4)).isEqualTo("9007199254740993");
        });
    assertThat(rows.stream().filter(row -> row.getFirst().toString().endsWith("-text")))
        .hasSize(3)
        .allSatisfy(row -> assertThat(row.subList(1, 3)).containsExactly(TEXT, TEXT));
  }

  @Test
  void hasBytesOfBodiesThatWereNoText() throws Exception {
    assertThat(rows(2)).hasSize(3).allSatisfy(row -> assertThat(row.get(1)).isEqualTo(BINARY));
  }
}
