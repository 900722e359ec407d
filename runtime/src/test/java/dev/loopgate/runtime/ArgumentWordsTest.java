package dev.loopgate.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class ArgumentWordsTest {
  static List<Arguments> lines() {
    return List.of(
        Arguments.of("", List.of()),
        Arguments.of(" \t\n ", List.of()),
        Arguments.of("a", List.of("a")),
        Arguments.of("  a  b\tc\nd ", List.of("a", "b", "c", "d")),
        Arguments.of("'a b' c", List.of("a b", "c")),
        Arguments.of("a'b c'd", List.of("ab cd")),
        Arguments.of("'' \"\"", List.of("", "")),
        Arguments.of("'a\\' \"b\\\"c\\\\d\\e\"", List.of("a\\", "b\"c\\d\\e")),
        Arguments.of("a\\ b \\' \\\" \\\\", List.of("a b", "'", "\"", "\\")),
        Arguments.of("\"'\" '\"'", List.of("'", "\"")),
        // nothing of this means anything here
        Arguments.of(
            "$HOME `id` $(id) * ~ > x | y; z & #",
            List.of("$HOME", "`id`", "$(id)", "*", "~", ">", "x", "|", "y;", "z", "&", "#")));
  }

  @ParameterizedTest
  @MethodSource("lines")
  void partsALineAsAShellPartsItsWords(String line, List<String> words) throws Exception {
    assertThat(ArgumentWords.of(line)).isEqualTo(words);
  }

  static List<Arguments> wrong() {
    return List.of(
        Arguments.of("a 'b", "exec: a quote is open, allowed=each one closed"),
        Arguments.of("a \"b", "exec: a quote is open, allowed=each one closed"),
        Arguments.of("\"b\\\"", "exec: a quote is open, allowed=each one closed"),
        Arguments.of(
            "a\\", "exec: a backslash at the end, allowed=before the character that it is for"),
        Arguments.of("a\0b", "exec: a control character, allowed=none"),
        Arguments.of("'a\rb'", "exec: a control character, allowed=none"),
        Arguments.of("a\\\nb", "exec: a control character, allowed=none"));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void refusesWhatIsNotClear(String line, String message) {
    assertThatThrownBy(() -> ArgumentWords.of(line))
        .isInstanceOf(ImageException.class)
        .hasMessage(message);
  }
}
