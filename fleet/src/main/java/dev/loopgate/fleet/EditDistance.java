package dev.loopgate.fleet;

/// How far two words are apart, to tell who mistyped one which are meant.
public final class EditDistance {
  private EditDistance() {}

  /// Letters to add, take away or change until `a` is `b` (Levenshtein). Takes time by the product
  /// of both lengths: the caller bounds them.
  public static int of(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
