import java.nio.file.Path;

/** Many messages in one process: what an append, a message that is received, a look that finds nothing, and a saved position cost. */
final class Streams {
  /** The engine compiles what runs this often, on another thread. */
  private static final int WARM_UP_COUNT = 200_000;
  private static final int LOOKS = 1_000_000;
  private static final int COMMITS_MAX = 500_000;
  private static final int READERS_BATCH = 100;

  private Streams() {}

  /** @param runs each a length and a count, as in 64:1000 */
  static void stream(String peerName, Path folder, String[] runs) {
    final Figures figures = new Figures();
    try (Peer peer = Peer.open(peerName, folder, true, false)) {
      for (String run : runs) {
        final String[] parts = run.split(":");
        stream(peer, Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), figures);
      }
    }
    figures.print();
  }

  private static void stream(Peer peer, int length, int count, Figures figures) {
    final String name = "stream-" + length;
    final Inlet inlet = peer.openInlet(name, length);
    final Outlet outlet = peer.openOutlet(name, length);
    final int warmUp = Math.min(WARM_UP_COUNT, count);
    long number = 0;
    inlet.checkBytes(true);
    for (int sent = 0; sent < warmUp; ) {
      final int step = Math.min(Math.min(1000, peer.waitingMax(length)), warmUp - sent);
      number = send(outlet, number, step);
      receive(inlet, step);
      sent += step;
    }
    inlet.checkBytes(false);
    long appendNs = 0;
    long nextNs = 0;
    for (int sent = 0; sent < count; ) {
      final int step = Math.min(peer.waitingMax(length), count - sent);
      final long begin = System.nanoTime();
      number = send(outlet, number, step);
      final long middle = System.nanoTime();
      receive(inlet, step);
      appendNs += middle - begin;
      nextNs += System.nanoTime() - middle;
      sent += step;
    }
    figures.add("append" + length + "Ns", (double) appendNs / count).add("next" + length + "Ns", (double) nextNs / count);
    look(inlet);
    figures.add("empty" + length + "Ns", look(inlet));
    final Inlet committing = peer.openCommittingInlet(name, length);
    if (committing == null) return;
    final int commits = Math.min(count, COMMITS_MAX) / 2;
    timed(committing, commits);
    figures.add("commit" + length + "Ns", timed(committing, commits));
  }

  private static long send(Outlet outlet, long first, int count) {
    for (int index = 0; index < count; index++) outlet.send(first + index);
    return first + count;
  }

  private static void receive(Inlet inlet, int count) {
    for (int received = 0; received < count; ) received += inlet.poll(count - received);
  }

  private static double look(Inlet inlet) {
    final long begin = System.nanoTime();
    for (int index = 0; index < LOOKS; index++) if (inlet.poll(1) != 0) throw new IllegalStateException("there is no message");
    return (double) (System.nanoTime() - begin) / LOOKS;
  }

  private static double timed(Inlet inlet, int count) {
    final long begin = System.nanoTime();
    receive(inlet, count);
    return (double) (System.nanoTime() - begin) / count;
  }

  /** A batch at a time: appended once, then received by each of the readers. */
  static void readers(String peerName, Path folder, int length, int messages, String[] counts) {
    final Figures figures = new Figures();
    try (Peer peer = Peer.open(peerName, folder, true, false)) {
      for (String text : counts) readers(peer, length, messages, Integer.parseInt(text), figures);
    }
    figures.print();
  }

  private static void readers(Peer peer, int length, int messages, int readers, Figures figures) {
    final String name = "readers-" + readers;
    final Inlet[] inlets = new Inlet[readers];
    for (int index = 0; index < readers; index++) inlets[index] = peer.openInlet(name, length);
    final Outlet outlet = peer.openOutlet(name, length);
    final int rounds = Math.max(1, messages / READERS_BATCH);
    long appendNs = 0;
    long nextNs = 0;
    long number = 0;
    for (int round = -rounds / 4; round < rounds; round++) {
      final long begin = System.nanoTime();
      number = send(outlet, number, READERS_BATCH);
      final long middle = System.nanoTime();
      for (Inlet inlet : inlets) receive(inlet, READERS_BATCH);
      final long end = System.nanoTime();
      if (round < 0) continue;
      appendNs += middle - begin;
      nextNs += end - middle;
    }
    final double sent = (double) rounds * READERS_BATCH;
    figures.add("append" + readers + "Ns", appendNs / sent).add("next" + readers + "Ns", nextNs / sent / readers);
  }
}
