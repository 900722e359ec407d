package dev.loopgate.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/// `template all` and `template generate`: manifests to begin with.
final class TemplateVerb {
  /// Each is a resource of this name with `.yaml`.
  static final List<String> NAMES =
      List.of("deployment", "deployment-exec", "deployment-docker", "route", "connection-docker");

  private static final String NAME = "--name";

  private TemplateVerb() {}

  static List<CommandSpec> of(Surroundings around) {
    CommandSpec all = ClientCommand.of("all", "Show which there are.", TemplateVerb::all, around);
    CommandSpec generate =
        ClientCommand.of("generate", "Show one.", TemplateVerb::generate, around);
    ClientOptions.addText(generate, "NAME", "Which.", NAME);
    ClientOptions.addFile(generate, "A new file to write it into.");
    return List.of(all, generate);
  }

  private static int all(Call call) {
    NAMES.forEach(call.out()::println);
    return Cli.OK;
  }

  private static int generate(Call call) throws ClientException {
    String name = call.text(NAME);
    if (name.isEmpty()) {
      throw call.usage("missing option '--name'");
    }
    if (!NAMES.contains(name)) {
      throw new ClientException("Cannot find " + PrintableText.line(name, 100) + " template");
    }
    String text = text(name);
    String file = call.text(ClientOptions.FILE);
    if (file.isEmpty()) {
      call.out().print(text);
      call.out().flush();
      return Cli.OK;
    }
    try {
      Files.writeString(Path.of(file), text, StandardOpenOption.CREATE_NEW);
    } catch (FileAlreadyExistsException _) {
      throw new ClientException("File '" + file + "' exists, so it is left as it is");
    } catch (IOException | InvalidPathException e) {
      throw new ClientException("File '" + file + "' can not be written: " + e);
    }
    return Cli.OK;
  }

  /// The text of a template that there is.
  static String text(String name) {
    try (InputStream in = TemplateVerb.class.getResourceAsStream("templates/" + name + ".yaml")) {
      if (in == null) {
        throw new IllegalStateException("no such resource: " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
