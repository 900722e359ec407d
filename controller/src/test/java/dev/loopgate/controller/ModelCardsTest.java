package dev.loopgate.controller;

import static dev.loopgate.fleet.Kind.DEPLOYMENT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.ModelReader.ModelCard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What models said outlives the process, and nothing is asked again for it.
@Timeout(60)
final class ModelCardsTest {
  private static final ModelCard WINE = new ModelCard("wine-quality", "2.0", "{\"é\\u0000\":1}");

  @TempDir private Path folder;
  private final Scene scene = new Scene();

  private Path file(String id) {
    return folder.resolve(id + ".json");
  }

  @Test
  void whatSleepsIsKnownAfterARestartWithoutBeingAsked() throws Exception {
    scene.keepCards(folder);
    scene.reader.answer("wine", WINE);
    scene.declare("wine", Specs.deployment("i"));
    scene.advance(Duration.ofMinutes(5));
    assertThat(scene.status("wine")).startsWith("Ready 0/0");

    scene.restart();

    assertThat(scene.cards.all()).isEqualTo(Map.of("wine", WINE));
    scene.settle();
    assertThat(scene.cards.all()).isEqualTo(Map.of("wine", WINE));
    assertThat(scene.reader.asked("wine")).isOne();
    assertThat(Files.exists(file("wine"))).isTrue();
  }

  @Test
  void whatIsDeletedLeavesAlsoWhenNobodyWasThere() throws Exception {
    scene.keepCards(folder);
    scene.declare("beer", Specs.deployment("i"));
    scene.declare("wine", Specs.deployment("i"));
    scene.declared.mark(DEPLOYMENT, "beer", Scene.ANY);
    scene.settle();
    assertThat(file("beer")).doesNotExist();
    assertThat(file("wine")).exists();

    scene.declared.mark(DEPLOYMENT, "wine", Scene.ANY);
    scene.restart(); // before it was looked at
    scene.settle();

    assertThat(scene.cards.all()).isEmpty();
    assertThat(file("wine")).doesNotExist();
    Files.writeString(file("wine"), "{}");
    scene.restart();
    assertThat(file("wine")).as("declared by nobody").doesNotExist();
  }

  @Test
  void whatAnotherRevisionSaidIsNotShownAfterARestart() throws Exception {
    scene.keepCards(folder);
    scene.declare("wine", Specs.deployment("one"));
    scene.replace("wine", Specs.deployment("two"));

    scene.restart();
    scene.holdReadings();
    scene.settle();

    assertThat(scene.cards.all()).isEmpty();
    assertThat(file("wine")).doesNotExist();
  }

  @Test
  void whatCanNotBeReadGoesAndTheOthersStay() throws Exception {
    CardFolder cards = new CardFolder(new MachineFiles(), folder);
    cards.load(_ -> true);
    cards.put("good", new CardFolder.Kept("r", WINE));
    cards.put("plain", new CardFolder.Kept("r", new ModelCard("", "", null)));
    Files.writeString(file("half"), "{\"revision\":\"r\",\"name\":\"a");
    Files.writeString(file("other"), "{\"revision\":\"r\",\"name\":\"a\\n\",\"version\":\"\"}");
    Files.writeString(file("-no-id"), "{}");
    Files.writeString(folder.resolve("wine.json.tmp"), "{}");
    Files.write(file("large"), new byte[CardFolder.FILE_BYTES_MAX + 1]);

    assertThat(cards.load(_ -> true)).containsOnlyKeys("good", "plain");
    assertThat(cards.load(_ -> true).get("good")).isEqualTo(new CardFolder.Kept("r", WINE));
    try (var left = Files.list(folder)) {
      assertThat(left.map(each -> each.getFileName().toString()))
          .containsExactlyInAnyOrder("good.json", "plain.json");
    }
  }

  @Test
  void aDiskThatIsFullIsToldAndNothingElseStops() throws Exception {
    FaultyFiles disk = new FaultyFiles();
    ModelCards cards = ModelCards.open(new CardFolder(disk, folder), 1 << 20, _ -> true);
    cards.put("wine", "r", WINE);
    disk.refuse("write");
    try {
      cards.keep("wine");
      throw new AssertionError("kept on a full disk");
    } catch (IOException e) {
      assertThat(e).hasMessage("No space left on device");
    }
    disk.refuse("nothing");
    cards.keep("wine");
    assertThat(new CardFolder(disk, folder).load(_ -> true)).containsOnlyKeys("wine");
  }
}
