package dev.loopgate.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LoadJournalTest {
  private static final String PARTITION = "wine/1.0/year=2026/month=11/day=24/2026112407_";
  private static final Script SCRIPT =
      Script.plain(new Payload(Payload.Kind.BINARY, 1, 3), new Payload(Payload.Kind.BINARY, 2, 3));

  private final LoadJournal journal = new LoadJournal();

  @TempDir private Path root;

  @BeforeEach
  void aPredictionThatWasAnswered() {
    journal.asking("a", new LoadJournal.Asked(true, SCRIPT));
    journal.answered("a");
  }

  @Test
  void isContentWithWhatWasAsked() throws IOException {
    write("request_response/" + PARTITION + "0.json", line("a", "request", SCRIPT.request()));
    write("response_body/" + PARTITION + "0.json", line("a", "response", SCRIPT.response()));

    FilesReader reader = FilesReader.read(root, journal::check);

    assertThat(reader.problems()).isEmpty();
    assertThat(reader.holes()).isEmpty();
    assertThat(journal.violations()).isEmpty();
    assertThat(journal.entriesFound()).isOne();
  }

  @Test
  void missesWhatIsLost() throws IOException {
    write("request_response/" + PARTITION + "0.json", line("a", "request", SCRIPT.request()));

    FilesReader.read(root, journal::check);

    assertThat(journal.violations())
        .hasSize(2)
        .anyMatch(violation -> violation.startsWith("answered but not found"))
        .anyMatch(violation -> violation.startsWith("half an entry"));
  }

  @Test
  void seesTwiceOtherBytesAndWhatNobodySent() throws IOException {
    String good = line("a", "request", SCRIPT.request());
    write("request_response/" + PARTITION + "0.json", good + good);
    write(
        "response_body/" + PARTITION + "2.json",
        line("a", "response", SCRIPT.request()) + line("b", "response", SCRIPT.response()));

    FilesReader reader = FilesReader.read(root, journal::check);

    assertThat(reader.holes()).hasSize(1);
    assertThat(journal.violations())
        .anyMatch(violation -> violation.startsWith("twice"))
        .anyMatch(violation -> violation.startsWith("bytes differ"))
        .anyMatch(violation -> violation.startsWith("invented"));
  }

  @Test
  void seesNamesAndHoursThatDoNotFit() throws IOException {
    write("feedback/wine/../x.json", "{}");
    write("feedback/wine/1.0/year=2026/month=11/day=24/2026112408_0.json", timed("07"));
    write("feedback/wine/1.0/year=2026/month=11/day=24/2026112407_0.json", "{\"torn");

    assertThat(FilesReader.read(root, _ -> {}).problems())
        .anyMatch(problem -> problem.startsWith("name"))
        .anyMatch(problem -> problem.startsWith("hour"))
        .anyMatch(problem -> problem.startsWith("line"))
        .hasSize(3);
  }

  private static String line(String id, String side, Payload payload) {
    String content = Base64.getEncoder().encodeToString(payload.bytes());
    return "{\"request_id\":\"%s\",\"%s_content\":\"%s\",\"encoding\":\"base64\",%s\n"
        .formatted(id, side, content, timed("07").substring(1));
  }

  private static String timed(String hour) {
    return "{\"time\":\"2026-11-24 " + hour + ":59:59 +0000\"}";
  }

  private void write(String name, String text) throws IOException {
    Path file = root.resolve(name).normalize();
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
