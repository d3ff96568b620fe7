import { setImmediate, setTimeout } from 'node:timers/promises'
import type { MessageHandler } from './transport.js'

/** How long a receiver looks in each turn of the event loop before it sleeps between looks. */
const EAGER_MS = 1

/** Receives from a peer that has no notification: looks in each turn of the event loop, and each millisecond after it found nothing for one. */
export async function pollSource(take: () => readonly Uint8Array[], handle: MessageHandler): Promise<void> {
  for (let lastMs = performance.now(); ; ) {
    const messages = take()
    for (const message of messages) if (!handle(message)) return
    const nowMs = performance.now()
    if (messages.length > 0) lastMs = nowMs
    await (nowMs - lastMs < EAGER_MS ? setImmediate() : setTimeout(1))
  }
}
