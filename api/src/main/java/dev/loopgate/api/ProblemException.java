package dev.loopgate.api;

/// Ends the handling of a request with a [Problem], which its caller is told. No failure of ours.
final class ProblemException extends Exception {
  private static final long serialVersionUID = 1;

  private final transient Problem problem;

  ProblemException(Problem problem) {
    super(problem.message(), null, false, false); // nobody looks at where it comes from
    this.problem = problem;
  }

  Problem problem() {
    return problem;
  }
}
