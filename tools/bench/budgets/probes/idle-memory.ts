import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openWriter } from '@chronicle-ts/core'
import type { Probe } from '../probe.js'

const MESSAGES = 1_000
/** Until start-up's garbage and threads have settled. */
const SETTLING_MS = 1_000

/** Resident memory of a process that waits for messages, beside one that waits for nothing. */
export const idleMemory: Probe = {
  name: 'memory of an idle reader',
  measure: async ({ directory, payloadLength, quick }) => {
    const queue = join(directory, 'queue')
    const writer = openWriter(queue)
    for (let index = 0; index < MESSAGES; index++) writer.append(1, Buffer.alloc(payloadLength, 7))
    const settlingMs = quick ? 10 : SETTLING_MS
    const plainNodeMb = await residentMb([], settlingMs)
    const idleReaderMb = await residentMb([queue], settlingMs)
    writer.close()
    return { idleReaderMb, plainNodeMb, idleReaderExtraMb: idleReaderMb - plainNodeMb }
  },
}

async function residentMb(args: readonly string[], settlingMs: number): Promise<number> {
  const child = fork(join(import.meta.dirname, 'idle-process.js'), args)
  try {
    const [note] = await Promise.race([once(child, 'message'), once(child, 'exit')])
    if (note !== 'idle') throw new Error(`the idle process ended: ${note}`)
    await sleep(settlingMs)
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
    return (Number(kilobytes) * 1024) / 1e6
  } finally {
    child.kill()
  }
}
