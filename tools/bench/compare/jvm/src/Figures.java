import java.util.Locale;
import java.util.StringJoiner;

/** Figures by name, printed as one JSON object. */
final class Figures {
  private final StringJoiner fields = new StringJoiner(",", "{", "}");

  Figures add(String name, double value) {
    fields.add(String.format(Locale.ROOT, "\"%s\":%.3f", name, value));
    return this;
  }

  void print() {
    System.out.println(fields);
  }
}
