/** The receiving side of a stream: checks the number and length of each message, and every byte where it is asked to. */
abstract class Inlet {
  static final byte FILLER = 7;

  private final int length;
  private long expected;
  private boolean checksBytes;

  Inlet(int length) {
    this.length = length;
  }

  /** Receives at most this many messages; returns how many there were. Never waits. */
  abstract int poll(int limit);

  /** The number of the last message. */
  final long last() {
    return expected - 1;
  }

  /** Whether the next messages are checked byte by byte: that would be most of the time of a fast system. */
  final void checkBytes(boolean checks) {
    checksBytes = checks;
  }

  final boolean checksBytes() {
    return checksBytes;
  }

  final void check(long number, int foundLength) {
    if (number != expected) throw new IllegalStateException("message " + number + " instead of " + expected);
    if (foundLength != length) throw new IllegalStateException("message " + number + " has " + foundLength + " bytes");
    expected++;
  }

  final void checkByte(byte found) {
    if (found != FILLER) throw new IllegalStateException("message " + expected + " has a wrong byte");
  }
}
