package dev.loopgate.runtime;

import java.util.ArrayList;
import java.util.List;

/// A line as a list of words: blanks part them, quotes and backslashes keep together, as in a
/// shell. Nothing else of a shell is there: no variables, no patterns, no commands.
final class ArgumentWords {
  private static final char NONE = 0;

  private final String line;
  private final List<String> words = new ArrayList<>();
  private final StringBuilder word = new StringBuilder();
  private boolean isWord; // an empty one in quotes is one, too
  private char quote = NONE;

  private ArgumentWords(String line) {
    this.line = line;
  }

  /// The words of `line`: none when it is blank. Between `'` all stands for itself, between `"` all
  /// but `\"` and `\\`, elsewhere a backslash has the next character stand for itself.
  ///
  /// @throws ImageException when a quote is not closed, nothing follows a backslash, or there is a
  ///   control character, which no program is called by
  static List<String> of(String line) throws ImageException {
    return new ArgumentWords(line).split();
  }

  private List<String> split() throws ImageException {
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (Character.isISOControl(c) && c != '\t' && c != '\n') {
        throw new ImageException("exec: a control character, allowed=none");
      }
      if (c == '\\' && quote != '\'') {
        i += escaped(i);
      } else if (quote != NONE) {
        quoted(c);
      } else {
        plain(c);
      }
    }
    if (quote != NONE) {
      throw new ImageException("exec: a quote is open, allowed=each one closed");
    }
    endWord();
    return List.copyOf(words);
  }

  /// How many characters more were taken.
  private int escaped(int at) throws ImageException {
    if (at + 1 == line.length()) {
      throw new ImageException(
          "exec: a backslash at the end, allowed=before the character that it is for");
    }
    char next = line.charAt(at + 1);
    isWord = true;
    if (quote == '"' && next != '"' && next != '\\') {
      word.append('\\');
      return 0;
    }
    if (Character.isISOControl(next)) {
      throw new ImageException("exec: a control character, allowed=none");
    }
    word.append(next);
    return 1;
  }

  private void quoted(char c) {
    if (c == quote) {
      quote = NONE;
    } else {
      word.append(c);
    }
  }

  private void plain(char c) {
    switch (c) {
      case '\'', '"' -> {
        quote = c;
        isWord = true;
      }
      case ' ', '\t', '\n' -> endWord();
      default -> {
        word.append(c);
        isWord = true;
      }
    }
  }

  private void endWord() {
    if (isWord) {
      words.add(word.toString());
      word.setLength(0);
      isWord = false;
    }
  }
}
