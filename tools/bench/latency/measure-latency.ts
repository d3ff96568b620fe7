import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type LatencyFigures, sendInOpenLoop } from '@chronicle-ts/cli/bench'
import { openWriter } from '@chronicle-ts/core'
import type { LatencyMode, ReceiverNote, ReceiverTask } from './latency-mode.js'

export interface LatencyOptions {
  readonly directory: string
  readonly payloadLength: number
  /** Seconds that count; a quarter more goes before them as warm-up. */
  readonly seconds: number
}

export interface LatencyResult extends LatencyFigures {
  readonly name: string
  readonly messagesPerSecond: number
}

/** Sends one message of `payload`; what it returns is of no interest. */
interface Sender {
  send(payload: Buffer): void
  close(): void
}

/**
 * One way from this process to another, in the open loop: message n is due at a fixed instant, independent of the one before, and its latency counts from then.
 *
 * @throws when a message is lost, comes twice, or the receiver dies.
 */
export async function measureLatency(mode: LatencyMode, options: LatencyOptions): Promise<LatencyResult> {
  const folder = mkdtempSync(join(options.directory, 'latency-'))
  try {
    const figures = await measureIn(folder, mode, options)
    return { name: mode.name, messagesPerSecond: mode.messagesPerSecond, ...figures }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measureIn(folder: string, mode: LatencyMode, options: LatencyOptions): Promise<LatencyFigures> {
  const count = Math.ceil(mode.messagesPerSecond * options.seconds)
  const path = join(folder, mode.transport === 'socket' ? 'socket' : 'queue')
  // The queue must be there before its reader opens it, the socket's other end before we connect to it.
  const queueSender = mode.transport === 'socket' ? undefined : openQueueSender(path)
  const { transport, wait } = mode
  const task: ReceiverTask = { transport, wait, path, payloadLength: options.payloadLength, warmUpCount: count >> 2, count }
  const receiver = fork(fileURLToPath(new URL('./receiver.js', import.meta.url)), [JSON.stringify(task)])
  try {
    await nextNote(receiver, 'ready')
    const sender = queueSender ?? (await openSocketSender(path))
    const done = nextNote(receiver, 'done')
    sendAtFixedRate(sender, task, mode.messagesPerSecond)
    const note = await done
    sender.close()
    if (note.kind !== 'done' || note.figures.count !== count) throw new Error(`${mode.name}: not every message was counted`)
    return note.figures
  } finally {
    receiver.kill()
  }
}

function openQueueSender(path: string): Sender {
  const writer = openWriter(path)
  return { send: (payload) => writer.append(1, payload), close: () => writer.close() }
}

async function openSocketSender(path: string): Promise<Sender> {
  const socket = connect(path).setNoDelay(true)
  // The receiver closes its end when it has everything, which may reset ours.
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return { send: (payload) => socket.write(Buffer.from(payload)), close: () => socket.destroy() }
}

function sendAtFixedRate(sender: Sender, { payloadLength, warmUpCount, count }: ReceiverTask, messagesPerSecond: number): void {
  const payload = Buffer.alloc(payloadLength)
  sendInOpenLoop({
    count: warmUpCount + count,
    messagesPerSecond,
    send(index, dueNs) {
      payload.writeDoubleLE(dueNs, 0)
      payload.writeDoubleLE(index, 8)
      sender.send(payload)
    },
  })
}

async function nextNote(receiver: ChildProcess, kind: ReceiverNote['kind']): Promise<ReceiverNote> {
  const ended = new AbortController()
  const death = once(receiver, 'exit', { signal: ended.signal }).then(([code, signal]) => {
    throw new Error(`the receiver ended (${signal ?? `exit code ${code}`}) before it was ${kind}`)
  })
  try {
    const [note] = (await Promise.race([once(receiver, 'message', { signal: ended.signal }), death])) as [ReceiverNote]
    return note
  } finally {
    ended.abort()
    death.catch(() => undefined)
  }
}
