package dev.loopgate.runtime;

import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.ModelReader;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Shown;
import dev.loopgate.fleet.UnreadableModelException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/// Asks servers over HTTP, in the way of each protocol (contract section 9). Of odahu-ml-server the
/// document that names the model describes its API, too; the others have none.
public final class HttpModelReader implements ModelReader {
  /// What is good for a server that has just become ready.
  public static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final Duration timeout;

  /// @param timeout of each answer, the whole of it
  public HttpModelReader(Duration timeout) {
    this.timeout = timeout;
  }

  @Override
  public ModelCard read(String deployment, Replica at, Predictor predictor)
      throws UnreadableModelException, InterruptedException {
    Model model = Model.of(deployment, at.url(), predictor, "", null, null, 1);
    try (ModelQuestions questions = new ModelQuestions(model, timeout)) {
      ModelQuestions.Described said = questions.describe();
      Optional<ModelQuestions.Identity> identity = said.identity();
      return new ModelCard(
          identity.map(ModelQuestions.Identity::name).orElse(""),
          identity.map(ModelQuestions.Identity::version).orElse(""),
          said.document());
    } catch (IOException e) {
      throw new UnreadableModelException(Shown.of(String.valueOf(e.getMessage())), e);
    }
  }
}
