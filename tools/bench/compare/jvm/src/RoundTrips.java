import java.nio.file.Path;
import java.util.Arrays;

/** A message to another process and its answer, both sides spinning. */
final class RoundTrips {
  private RoundTrips() {}

  static void answer(String peerName, Path folder, int length, int total) {
    try (Peer peer = Peer.open(peerName, folder, true, true)) {
      final Inlet there = peer.openInlet("there", length);
      final Outlet back = peer.openOutlet("back", length);
      System.out.println("ready");
      for (int number = 0; number < total; number++) {
        while (there.poll(1) == 0) continue;
        back.send(there.last());
      }
      // Until the other process has closed its side.
      while (System.in.read() >= 0) continue;
    } catch (java.io.IOException error) {
      throw new java.io.UncheckedIOException(error);
    }
  }

  static void ask(String peerName, Path folder, int length, int warmUp, int count) {
    final long[] trips = new long[count];
    try (Peer peer = Peer.open(peerName, folder, false, true)) {
      final Inlet back = peer.openInlet("back", length);
      final Outlet there = peer.openOutlet("there", length);
      for (int number = 0; number < warmUp + count; number++) {
        final long begin = System.nanoTime();
        there.send(number);
        while (back.poll(1) == 0) continue;
        final long tookNs = System.nanoTime() - begin;
        if (number >= warmUp) trips[number - warmUp] = tookNs;
      }
    }
    print(trips);
  }

  /** Half of each trip. */
  private static void print(long[] trips) {
    Arrays.sort(trips);
    final Figures figures = new Figures();
    figures.add("p50Ns", at(trips, 0.5)).add("p90Ns", at(trips, 0.9)).add("p99Ns", at(trips, 0.99));
    figures.add("p999Ns", at(trips, 0.999)).add("p9999Ns", at(trips, 0.9999)).add("maxNs", at(trips, 1));
    figures.add("meanNs", Arrays.stream(trips).average().orElseThrow() / 2).print();
  }

  private static double at(long[] sorted, double share) {
    return sorted[(int) (share * (sorted.length - 1))] / 2.0;
  }
}
