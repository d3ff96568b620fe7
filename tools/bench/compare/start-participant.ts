import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { ParticipantNote, ParticipantOrder, ParticipantTask } from './participant-task.js'
import type { ChannelPorts } from './transports/message-channel.js'

const PROGRAM = fileURLToPath(new URL('./participant.js', import.meta.url))
/** Longer than any workload takes. */
const SILENCE_MS = 120_000
/** A participant that was asked to end has this long to close its side. */
const CLOSE_MS_MAX = 5_000

/** A participant that runs. */
export interface Participant {
  readonly pid: number
  order(order: ParticipantOrder): void
  /** Returns the next note of this kind. @throws if the participant failed, ended or is silent */
  note<Kind extends ParticipantNote['kind']>(kind: Kind): Promise<Extract<ParticipantNote, { kind: Kind }>>
  /** Ends it, also after a failure. */
  stop(): Promise<void>
}

/** Starts one process per task. */
export function startProcesses(tasks: readonly ParticipantTask[]): Participant[] {
  return tasks.map((task) => {
    const child = fork(PROGRAM, [JSON.stringify(task)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const exited = once(child, 'exit')
    const notes = collectNotes(task)
    child.on('message', (note) => notes.add(note as ParticipantNote))
    child.on('exit', () => notes.add({ kind: 'failed', reason: `${task.peer}, ${task.role}: the process ended` }))
    let graceMs = 0
    const order = (word: ParticipantOrder) => {
      if (word === 'exit') graceMs = CLOSE_MS_MAX
      child.send(word, () => undefined)
    }
    const stop = async () => {
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await exited
      clearTimeout(timer)
    }
    return { pid: child.pid ?? 0, order, note: notes.next, stop }
  })
}

/** Starts one worker thread of this process per task, with a channel from each sender to each receiver of its topic. */
export function startThreads(tasks: readonly ParticipantTask[]): Participant[] {
  const ports = tasks.map(() => ({ sending: {}, receiving: {} }) as Mutable<ChannelPorts>)
  tasks.forEach(({ sendTo }, from) => {
    if (sendTo === undefined) return
    const targets = tasks.flatMap(({ receiveFrom }, to) => (receiveFrom?.topic === sendTo.topic ? [to] : []))
    const senderPorts: MessagePort[] = []
    for (const to of targets) {
      const { port1, port2 } = new MessageChannel()
      senderPorts.push(port1)
      const target = ports[to]
      if (target) target.receiving = { ...target.receiving, [sendTo.topic]: port2 }
    }
    const own = ports[from]
    if (own) own.sending = { ...own.sending, [sendTo.topic]: senderPorts }
  })
  return tasks.map((task, index) => {
    const own = ports[index] ?? { sending: {}, receiving: {} }
    const transferList = [...Object.values(own.sending).flat(), ...Object.values(own.receiving)]
    const worker = new Worker(PROGRAM, { workerData: { task, ports: own }, transferList })
    const notes = collectNotes(task)
    worker.on('message', notes.add)
    worker.on('error', (error: Error) => notes.add({ kind: 'failed', reason: error.message }))
    const stop = async () => {
      await worker.terminate()
    }
    return { pid: process.pid, order: (order) => worker.postMessage(order), note: notes.next, stop }
  })
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

function collectNotes(task: ParticipantTask) {
  const notes: ParticipantNote[] = []
  let wake: () => void = () => undefined
  const add = (note: ParticipantNote) => {
    notes.push(note)
    wake()
  }
  const next: Participant['note'] = async (kind) => {
    for (const end = performance.now() + SILENCE_MS; ; ) {
      const failed = notes.find((note) => note.kind === 'failed')
      const found = notes.findIndex((note) => note.kind === kind)
      if (found >= 0) return notes.splice(found, 1)[0] as never
      if (failed) throw new Error(failed.reason)
      const leftMs = end - performance.now()
      if (leftMs <= 0) throw new Error(`${task.peer}, ${task.role}: nothing happened for ${SILENCE_MS / 1000} s`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  return { add, next }
}
