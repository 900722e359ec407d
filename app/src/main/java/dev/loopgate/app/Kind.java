package dev.loopgate.app;

import java.math.BigDecimal;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What values of a setting look like.
///
/// @param <T> what they become
interface Kind<T> {
  /// The value.
  ///
  /// @throws NotAllowedException when `raw` is not of this kind; the message says what is allowed
  T parse(Raw raw);

  /// What stands for the value in help and documentation, like `BYTES`.
  String label();

  /// What is allowed, in a few words.
  String allowed();

  /// The plain text of `raw`.
  static String text(Raw raw, String allowed) {
    if (raw instanceof Raw.Text(String _, String text)) {
      return text;
    }
    throw new NotAllowedException(allowed);
  }

  /// The URL that `text` is, over HTTP or HTTPS, with a host and without a user or a fragment;
  /// empty when it is none.
  static Optional<URI> httpUrl(String text) {
    try {
      URI url = new URI(text);
      String scheme = url.getScheme() == null ? "" : url.getScheme().toLowerCase(Locale.ROOT);
      boolean sound =
          (scheme.equals("http") || scheme.equals("https"))
              && url.getHost() != null
              && url.getPort() <= 65_535
              && url.getPort() != 0
              && url.getRawUserInfo() == null
              && url.getRawFragment() == null;
      return sound ? Optional.of(url) : Optional.empty();
    } catch (URISyntaxException _) {
      return Optional.empty();
    }
  }

  /// A place to listen at, or, where that is possible, nowhere.
  record Door(boolean optional) implements Kind<Optional<Address>> {
    @Override
    public Optional<Address> parse(Raw raw) {
      String text = text(raw, allowed());
      if (optional && text.equals("none")) {
        return Optional.empty();
      }
      try {
        return Optional.of(Address.parse(text));
      } catch (NotAllowedException _) {
        throw new NotAllowedException(allowed());
      }
    }

    @Override
    public String label() {
      return "HOST:PORT";
    }

    @Override
    public String allowed() {
      return optional ? "none, or " + Address.ALLOWED : Address.ALLOWED;
    }
  }

  /// A directory or file; relative ones lie in the directory the command was given in.
  record Place() implements Kind<Path> {
    @Override
    public Path parse(Raw raw) {
      String text = text(raw, allowed());
      if (text.isEmpty() || text.chars().anyMatch(Character::isISOControl)) {
        throw new NotAllowedException(allowed());
      }
      try {
        return Path.of(text);
      } catch (InvalidPathException _) {
        throw new NotAllowedException(allowed());
      }
    }

    @Override
    public String label() {
      return "PATH";
    }

    @Override
    public String allowed() {
      return "a path";
    }
  }

  /// A place in the file system, or none.
  record OptionalPlace() implements Kind<Optional<Path>> {
    private static final String NONE = "none";

    @Override
    public Optional<Path> parse(Raw raw) {
      return NONE.equals(text(raw, allowed()))
          ? Optional.empty()
          : Optional.of(new Place().parse(raw));
    }

    @Override
    public String label() {
      return "PATH";
    }

    @Override
    public String allowed() {
      return "a path, or none";
    }
  }

  /// Visible ASCII characters without a blank, or, where that is possible, none.
  record Word(boolean optional) implements Kind<Optional<String>> {
    private static final Pattern FORM = Pattern.compile("[!-~]{1,1024}");

    @Override
    public Optional<String> parse(Raw raw) {
      String text = text(raw, allowed());
      if (!FORM.matcher(text).matches()) {
        throw new NotAllowedException(allowed());
      }
      return optional && text.equals("none") ? Optional.empty() : Optional.of(text);
    }

    @Override
    public String label() {
      return "TEXT";
    }

    @Override
    public String allowed() {
      return "1 to 1024 visible ASCII characters" + (optional ? ", or none" : "");
    }
  }

  /// A number of bytes with a unit.
  record Bytes(long min, long max, boolean powerOfTwo) implements Kind<Long> {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,12})(B|KiB|MiB|GiB|TiB)?");

    @Override
    public Long parse(Raw raw) {
      Matcher matcher = FORM.matcher(text(raw, allowed()));
      if (!matcher.matches()) {
        throw new NotAllowedException(allowed());
      }
      String unit = matcher.group(2);
      int shift = unit == null ? 0 : List.of("B", "KiB", "MiB", "GiB", "TiB").indexOf(unit) * 10;
      BigDecimal value = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(1L << shift));
      if (value.compareTo(BigDecimal.valueOf(min)) < 0
          || value.compareTo(BigDecimal.valueOf(max)) > 0
          || (powerOfTwo && Long.bitCount(value.longValueExact()) != 1)) {
        throw new NotAllowedException(allowed());
      }
      return value.longValueExact();
    }

    @Override
    public String label() {
      return "BYTES";
    }

    @Override
    public String allowed() {
      return shown(min)
          + " to "
          + shown(max)
          + (powerOfTwo ? ", a power of two," : "")
          + " as a number with B, KiB, MiB or GiB";
    }

    /// `bytes` with the largest unit that divides them.
    static String shown(long bytes) {
      if (bytes == 0) {
        return "0";
      }
      String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
      int unit = 0;
      long number = bytes;
      while (number > 0 && number % 1024 == 0 && unit < units.length - 1) {
        number /= 1024;
        unit++;
      }
      return number + units[unit];
    }
  }

  /// A length of time with a unit.
  record Time(Duration min, Duration max) implements Kind<Duration> {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");

    @Override
    public Duration parse(Raw raw) {
      Matcher matcher = FORM.matcher(text(raw, allowed()));
      if (!matcher.matches()) {
        throw new NotAllowedException(allowed());
      }
      long number = Long.parseLong(matcher.group(1));
      Duration value =
          switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            default -> Duration.ofHours(number);
          };
      if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
        throw new NotAllowedException(allowed());
      }
      return value;
    }

    @Override
    public String label() {
      return "DURATION";
    }

    @Override
    public String allowed() {
      return shown(min) + " to " + shown(max) + " as a number with ms, s, m or h";
    }

    /// `value` with the largest unit that divides it.
    static String shown(Duration value) {
      long millis = value.toMillis();
      if (millis == 0) {
        return "0s";
      }
      if (millis % 1000 != 0) {
        return millis + "ms";
      }
      long seconds = millis / 1000;
      if (seconds % 3600 == 0) {
        return seconds / 3600 + "h";
      }
      return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }
  }

  /// A number of things. 0 stands for `auto` where the gateway may choose.
  record Count(int min, int max, boolean auto) implements Kind<Integer> {
    @Override
    public Integer parse(Raw raw) {
      String text = text(raw, allowed());
      if (auto && text.equals("auto")) {
        return 0;
      }
      if (!text.matches("[0-9]{1,9}")) {
        throw new NotAllowedException(allowed());
      }
      int value = Integer.parseInt(text);
      if (value < min || value > max) {
        throw new NotAllowedException(allowed());
      }
      return value;
    }

    @Override
    public String label() {
      return "COUNT";
    }

    @Override
    public String allowed() {
      return (auto ? "auto, or " : "") + min + " to " + max;
    }
  }

  /// A part of a whole that is not nothing.
  record Rate() implements Kind<Double> {
    private static final Pattern FORM = Pattern.compile("0\\.[0-9]{1,12}|1(\\.0{1,12})?");

    @Override
    public Double parse(Raw raw) {
      String text = text(raw, allowed());
      if (!FORM.matcher(text).matches() || Double.parseDouble(text) == 0.0) {
        throw new NotAllowedException(allowed());
      }
      return Double.parseDouble(text);
    }

    @Override
    public String label() {
      return "RATE";
    }

    @Override
    public String allowed() {
      return "more than 0 and at most 1, like 0.25";
    }
  }

  /// One of a few words.
  record Choice(List<String> words) implements Kind<String> {
    public Choice {
      words = List.copyOf(words);
    }

    @Override
    public String parse(Raw raw) {
      String text = text(raw, allowed());
      if (!words.contains(text)) {
        throw new NotAllowedException(allowed());
      }
      return text;
    }

    @Override
    public String label() {
      return "WORD";
    }

    @Override
    public String allowed() {
      return String.join(", ", words);
    }
  }

  /// A list of names, kept in lower case: a YAML list, or one text with commas; empty for none.
  record Names() implements Kind<Set<String>> {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}");

    @Override
    public Set<String> parse(Raw raw) {
      Set<String> names = new LinkedHashSet<>();
      switch (raw) {
        case Raw.Text(String _, String text) -> {
          if (!text.isBlank()) {
            for (String name : text.split(",", -1)) {
              names.add(checked(name.strip()));
            }
          }
        }
        case Raw.Items(String _, List<Raw> items) -> {
          for (Raw item : items) {
            names.add(checked(text(item, allowed())));
          }
        }
        case Raw.Fields _ -> throw new NotAllowedException(allowed());
      }
      return names;
    }

    private String checked(String name) {
      if (!NAME.matcher(name).matches()) {
        throw new NotAllowedException(allowed());
      }
      return name.toLowerCase(Locale.ROOT);
    }

    @Override
    public String label() {
      return "NAMES";
    }

    @Override
    public String allowed() {
      return "names separated by commas (in a file also a list), or empty for none";
    }
  }
}
