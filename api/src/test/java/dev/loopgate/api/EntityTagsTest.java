package dev.loopgate.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EntityTagsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``                 | false | []     | []",
        "*                  | true  | []     | []",
        "` * `              | true  | []     | []",
        "\"1\"              | false | [1]    | []",
        "W/\"1\"            | false | []     | [1]",
        "w/\"1\"            | false | []     | []",
        "\"1\",\"2\"        | false | [1, 2] | []",
        "` ,\"1\" ,, W/\"2\",` | false | [1]    | [2]",
        "\"a,b\"            | false | [a,b]  | []",
        "\"\"               | false | []     | []",
        "\"1\"              | false | [1]    | []",
        "1                  | false | []     | []",
        "\"1                | false | []     | []",
        "\"1\" 2 \"3\"      | false | [1]    | []",
        "*, \"1\"           | false | []     | []",
        "W/                 | false | []     | []",
        "\"                 | false | []     | []"
      })
  void readsWhatAHeaderNames(String header, boolean any, String strong, String weak) {
    EntityTags tags = EntityTags.parse(header);

    assertThat(tags.any()).isEqualTo(any);
    assertThat(tags.strong().stream().filter(tag -> !tag.isEmpty()).sorted().toList().toString())
        .isEqualTo(strong);
    assertThat(tags.weak().stream().sorted().toList().toString()).isEqualTo(weak);
  }
}
