import java.nio.file.Path;

/** A messaging system that one process opens: sides of streams that lie in its folder. */
interface Peer extends AutoCloseable {
  Outlet openOutlet(String stream, int length);

  /** Receives what is sent after this returns, or everything where the system keeps messages. */
  Inlet openInlet(String stream, int length);

  /** An inlet that saves its position with each message, or null where the system cannot. */
  Inlet openCommittingInlet(String stream, int length);

  /** How many messages may wait to be received. */
  int waitingMax(int length);

  @Override
  void close();

  static Peer open(String name, Path folder, boolean ownsDriver, boolean forLatency) {
    return switch (name) {
      case "chronicle-queue" -> new ChronicleQueuePeer(folder);
      case "aeron" -> new AeronPeer(folder, ownsDriver, forLatency);
      default -> throw new IllegalArgumentException("unknown peer " + name);
    };
  }
}
