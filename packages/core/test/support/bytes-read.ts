import { readFileSync } from 'node:fs'

/** Bytes that this thread reads during the work, as the kernel counts them. */
export function bytesReadBy(work: () => unknown): number {
  const before = bytesRead()
  work()
  return bytesRead() - before
}

function bytesRead(): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/thread-self/io', 'utf8'))?.[1])
}
