package dev.loopgate.policy;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What the roles may do (contract section 8).
public final class Roles {
  static final String ADMIN = "odahu_admin";
  static final String DATA_SCIENTIST = "odahu_data_scientist";
  static final String VIEWER = "odahu_viewer";

  private static final Set<String> KNOWN = Set.of(ADMIN, DATA_SCIENTIST, VIEWER);

  private Roles() {}

  /// Whether this is one of the roles whose rights are fixed, so none that a model can be given to.
  public static boolean isFixed(String role) {
    return KNOWN.contains(role);
  }

  /// @param custom the model's own role, null for none
  static boolean mayCall(Set<String> roles, @Nullable String custom) {
    return isTrusted(roles) || (custom != null && !isFixed(custom) && roles.contains(custom));
  }

  static boolean mayGiveFeedback(Set<String> roles) {
    return isTrusted(roles);
  }

  private static boolean isTrusted(Set<String> roles) {
    return roles.contains(ADMIN) || roles.contains(DATA_SCIENTIST);
  }
}
