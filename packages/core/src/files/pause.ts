const cell = new Int32Array(new SharedArrayBuffer(4))

/** Blocks the calling thread. Only for bounded waits at open; hot paths wait as the wait strategies do. */
export function pause(milliseconds: number): void {
  Atomics.wait(cell, 0, 0, milliseconds)
}
