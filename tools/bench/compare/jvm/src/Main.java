import java.nio.file.Path;
import java.util.Arrays;

/** One measurement of one JVM peer: Main PEER MEASURE FOLDER LENGTH ARGUMENT... Prints its figures as a JSON object. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    final String peer = args[0];
    final Path folder = Path.of(args[2]);
    final String[] rest = Arrays.copyOfRange(args, 3, args.length);
    switch (args[1]) {
      case "answer" -> RoundTrips.answer(peer, folder, number(rest[0]), number(rest[1]) + number(rest[2]));
      case "ask" -> RoundTrips.ask(peer, folder, number(rest[0]), number(rest[1]), number(rest[2]));
      case "stream" -> Streams.stream(peer, folder, rest);
      case "readers" -> Streams.readers(peer, folder, number(rest[0]), number(rest[1]), Arrays.copyOfRange(rest, 2, rest.length));
      case "fill" -> Openings.fill(peer, folder, number(rest[0]), Arrays.copyOfRange(rest, 1, rest.length));
      case "open" -> Openings.open(peer, folder, number(rest[0]), rest[1]);
      default -> throw new IllegalArgumentException("unknown measure " + args[1]);
    }
  }

  private static int number(String text) {
    return Integer.parseInt(text);
  }
}
