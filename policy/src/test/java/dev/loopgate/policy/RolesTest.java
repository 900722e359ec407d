package dev.loopgate.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RolesTest {
  /// The rows of the contract, section 8: roles, the model's own role, may call it, may give
  /// feedback.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "odahu_admin                 | -            | true  | true",
        "odahu_admin                 | risk         | true  | true",
        "odahu_data_scientist        | -            | true  | true",
        "odahu_viewer                | -            | false | false",
        "odahu_viewer                | odahu_viewer | false | false",
        "risk                        | -            | false | false",
        "risk                        | risk         | true  | false",
        "risk                        | Risk         | false | false",
        "risk                        | other        | false | false",
        "odahu_viewer,risk           | risk         | true  | false",
        "odahu_viewer,odahu_admin    | other        | true  | true",
        "admin                       | -            | false | false",
        "-                           | -            | false | false",
      })
  void mayWhatTheContractSays(String roles, String own, boolean calls, boolean gives) {
    Set<String> has = roles.equals("-") ? Set.of() : Set.of(roles.split(",", -1));

    assertThat(Roles.mayCall(has, own.equals("-") ? null : own)).isEqualTo(calls);
    assertThat(Roles.mayGiveFeedback(has)).isEqualTo(gives);
  }
}
