import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.queue.RollCycle;
import net.openhft.chronicle.queue.RollCycles;

/** Chronicle Queue, bytes without a wire format around them, read in place; the cycle is a day, and the files grow by mapped blocks of 64 MiB. */
final class ChronicleQueuePeer implements Peer {
  private static final RollCycle ROLL_CYCLE = RollCycles.FAST_DAILY;

  private final Path folder;
  private final Map<String, ChronicleQueue> queues = new HashMap<>();

  ChronicleQueuePeer(Path folder) {
    this.folder = folder;
  }

  private ChronicleQueue queue(String stream) {
    return queues.computeIfAbsent(stream, name -> ChronicleQueue.singleBuilder(folder.resolve(name)).rollCycle(ROLL_CYCLE).build());
  }

  @Override
  public Outlet openOutlet(String stream, int length) {
    final ExcerptAppender appender = queue(stream).createAppender();
    final Bytes<?> payload = Bytes.allocateDirect(length);
    for (int offset = 0; offset < length; offset++) payload.writeByte(Inlet.FILLER);
    return number -> {
      payload.writeLong(0, number);
      appender.writeBytes(payload);
    };
  }

  @Override
  public Inlet openInlet(String stream, int length) {
    return new TailerInlet(queue(stream).createTailer().toStart(), length);
  }

  @Override
  public Inlet openCommittingInlet(String stream, int length) {
    return new TailerInlet(queue(stream).createTailer("committing"), length);
  }

  @Override
  public int waitingMax(int length) {
    return Integer.MAX_VALUE;
  }

  @Override
  public void close() {
    queues.values().forEach(ChronicleQueue::close);
  }

  private static final class TailerInlet extends Inlet {
    private final ExcerptTailer tailer;

    TailerInlet(ExcerptTailer tailer, int length) {
      super(length);
      this.tailer = tailer;
    }

    @Override
    int poll(int limit) {
      int count = 0;
      for (; count < limit; count++) {
        try (var document = tailer.readingDocument()) {
          if (!document.isPresent()) return count;
          final Bytes<?> bytes = document.wire().bytes();
          final long position = bytes.readPosition();
          final int length = (int) bytes.readRemaining();
          if (checksBytes()) for (int offset = 8; offset < length; offset++) checkByte(bytes.readByte(position + offset));
          check(bytes.readLong(position), length);
        }
      }
      return count;
    }
  }
}
