import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.logbuffer.FragmentHandler;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;

/** Aeron over IPC: an exclusive publication, its media driver a thread of one of the processes. Keeps nothing. */
final class AeronPeer implements Peer {
  /** Of a term: a stream has three. Small ones are warm after the warm-up; large ones seldom make a sender wait for its receiver. */
  private static final int LATENCY_TERM_LENGTH = 1 << 20;
  private static final int STREAM_TERM_LENGTH = 1 << 24;
  /** Large enough for every message that is measured: none is cut into fragments. */
  private static final int MTU_LENGTH = 65_504;
  private static final int FRAME_HEADER_LENGTH = 32;

  private final MediaDriver driver;
  private final Aeron aeron;
  private final int termLength;
  private final Map<String, Integer> streamIds = new HashMap<>();

  AeronPeer(Path folder, boolean ownsDriver, boolean forLatency) {
    termLength = forLatency ? LATENCY_TERM_LENGTH : STREAM_TERM_LENGTH;
    final String directory = folder.resolve("aeron").toString();
    driver = ownsDriver ? launchDriver(directory) : null;
    aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(directory));
  }

  private MediaDriver launchDriver(String directory) {
    return MediaDriver.launch(new MediaDriver.Context()
        .aeronDirectoryName(directory)
        .threadingMode(ThreadingMode.SHARED)
        .ipcTermBufferLength(termLength)
        .ipcMtuLength(MTU_LENGTH)
        .termBufferSparseFile(false)
        .dirDeleteOnStart(true));
  }

  private int streamId(String stream) {
    // The same in both processes, and another for each stream.
    return streamIds.computeIfAbsent(stream, name -> 1000 + name.hashCode() % 1000);
  }

  @Override
  public Outlet openOutlet(String stream, int length) {
    final ExclusivePublication publication = aeron.addExclusivePublication("aeron:ipc", streamId(stream));
    final UnsafeBuffer payload = new UnsafeBuffer(new byte[length]);
    payload.setMemory(0, length, Inlet.FILLER);
    return number -> {
      payload.putLong(0, number);
      for (long position; (position = publication.offer(payload, 0, length)) < 0; Thread.onSpinWait()) {
        if (position == Publication.CLOSED || position == Publication.MAX_POSITION_EXCEEDED) throw new IllegalStateException("offer: " + position);
      }
    };
  }

  @Override
  public Inlet openInlet(String stream, int length) {
    return new SubscriptionInlet(aeron.addSubscription("aeron:ipc", streamId(stream)), length);
  }

  @Override
  public Inlet openCommittingInlet(String stream, int length) {
    return null;
  }

  @Override
  public int waitingMax(int length) {
    // A fourth of what a sender may be ahead of its receiver.
    return termLength / 8 / (length + FRAME_HEADER_LENGTH);
  }

  @Override
  public void close() {
    aeron.close();
    if (driver != null) driver.close();
  }

  private static final class SubscriptionInlet extends Inlet {
    private final Subscription subscription;
    private final FragmentHandler handler;

    SubscriptionInlet(Subscription subscription, int length) {
      super(length);
      this.subscription = subscription;
      handler = (buffer, offset, foundLength, header) -> {
        if (checksBytes()) for (int at = 8; at < foundLength; at++) checkByte(buffer.getByte(offset + at));
        check(buffer.getLong(offset), foundLength);
      };
    }

    @Override
    int poll(int limit) {
      return subscription.poll(handler, limit);
    }
  }
}
