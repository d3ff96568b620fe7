/** The sending side of a stream. */
interface Outlet {
  /** Sends a message with this number in front and FILLER after it. */
  void send(long number);
}
