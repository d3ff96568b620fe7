import java.nio.file.Path;

/** Opening what another process left, as the first thing that a process does with it. */
final class Openings {
  private Openings() {}

  static void fill(String peerName, Path folder, int length, String[] counts) {
    try (Peer peer = Peer.open(peerName, folder, true, false)) {
      for (String count : counts) {
        final Outlet outlet = peer.openOutlet("of-" + count, length);
        for (long number = 0; number < Long.parseLong(count); number++) outlet.send(number);
      }
    }
    new Figures().print();
  }

  /** Both sides of the stream and its first message. */
  static void open(String peerName, Path folder, int length, String count) {
    final long begin = System.nanoTime();
    try (Peer peer = Peer.open(peerName, folder, true, false)) {
      peer.openOutlet("of-" + count, length);
      final Inlet inlet = peer.openInlet("of-" + count, length);
      if (inlet.poll(1) != 1) throw new IllegalStateException("the first message is not there");
      final long end = System.nanoTime();
      new Figures().add("openMs", (end - begin) / 1e6).print();
    }
  }
}
