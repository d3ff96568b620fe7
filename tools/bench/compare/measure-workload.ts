import { readFileSync } from 'node:fs'
import { monotonicNs, quantile } from '@chronicle-ts/cli/bench'
import { FRAME_HEADER_LENGTH } from './framing.js'
import type { ParticipantTask } from './participant-task.js'
import type { Peer } from './peers.js'
import { startServer } from './servers.js'
import { type Participant, startProcesses, startThreads } from './start-participant.js'
import type { Place } from './transport.js'
import { type FigureKey, MESSAGES_PER_SECOND, type Workload } from './workloads.js'

/** What one round found. */
export type Figures = Partial<Record<FigureKey, number>>

export interface RoundOptions {
  /** Exists and is empty. */
  readonly folder: string
  readonly count: number
  readonly payloadLength: number
}

/** Clock ticks per second in /proc; fixed on Linux. */
const TICKS_PER_SECOND = 100

/** Measures one peer in one workload once, with processes and a server of its own. @throws if a message is missing or wrong */
export async function measureWorkload(peer: Peer, workload: Workload, options: RoundOptions): Promise<Figures> {
  const server = peer.server && (await startServer(peer.server, options.folder, workload.durable))
  try {
    const groups = participantsOf(peer, workload, options)
    const transport = peer.transport({ sending: {}, receiving: {} })
    const places = new Map(groups.flat().flatMap(({ sendTo }) => (sendTo ? [[sendTo.topic, sendTo] as const] : [])))
    for (const place of places.values()) await transport.prepare?.(place)
    const [timed = [], ...later] = groups
    const figures = await runTogether(peer, timed, server ? [server.pid] : [])
    // What was made durable is read back and checked by processes that know nothing of the sender.
    for (const tasks of later) await runTogether(peer, tasks, [])
    return figures
  } finally {
    await server?.stop()
  }
}

/** Groups of participants that run one group after the other; the first is the one that is timed. */
function participantsOf(peer: Peer, workload: Workload, { folder, count, payloadLength }: RoundOptions): ParticipantTask[][] {
  const receivers = workload.id === 'W1' ? 3 : 1
  const bytes = count * (payloadLength + FRAME_HEADER_LENGTH)
  const place = (topic: string): Place => ({ folder, topic, receivers, bytes, durable: workload.durable })
  const group = workload.group
  const base = { peer: peer.id, payloadLength, count, group, messagesPerSecond: MESSAGES_PER_SECOND, index: 0 }
  const receive = Array.from({ length: receivers }, (_, index) => {
    return { ...base, role: 'receive' as const, receiveFrom: place('there'), index }
  })
  const send = { ...base, role: 'send' as const, sendTo: place('there') }
  if (workload.durable) return [[send], receive]
  if (workload.id === 'W1') return [[...receive, send]]
  if (workload.id === 'W2') return [[...receive, { ...send, role: 'pace' }]]
  const answer = { ...base, role: 'answer' as const, receiveFrom: place('there'), sendTo: place('back') }
  return [[answer, { ...base, role: 'ask', receiveFrom: place('back'), sendTo: place('there') }]]
}

async function runTogether(peer: Peer, tasks: readonly ParticipantTask[], serverPids: readonly number[]): Promise<Figures> {
  const participants = peer.threads ? startThreads(tasks) : startProcesses(tasks)
  try {
    await Promise.all(participants.map((participant) => participant.note('receiving')))
    orderAll(participants, 'connect')
    await Promise.all(participants.map((participant) => participant.note('ready')))
    const pids = [...new Set([...participants.map(({ pid }) => pid), ...serverPids])]
    const cpuBefore = readCpuSeconds(pids)
    const startNs = monotonicNs()
    orderAll(participants, 'go')
    const notes = await Promise.all(participants.map((participant) => participant.note('done')))
    const seconds = (Math.max(...notes.map(({ atNs }) => atNs)) - startNs) / 1e9
    const cores = (readCpuSeconds(pids) - cpuBefore) / seconds
    const latencies = notes.flatMap(({ latenciesNs }) => latenciesNs)
    orderAll(participants, 'exit')
    const figures = { perSecond: (tasks[0]?.count ?? 0) / seconds, cores }
    if (latencies.length === 0) return figures
    return { ...figures, p50Us: quantile(latencies, 0.5) / 1e3, p99Us: quantile(latencies, 0.99) / 1e3 }
  } finally {
    await Promise.all(participants.map((participant) => participant.stop()))
  }
}

function orderAll(participants: readonly Participant[], order: 'connect' | 'go' | 'exit'): void {
  for (const participant of participants) participant.order(order)
}

/** User and system time of processes, all threads included. */
function readCpuSeconds(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    // The second field is a name in parentheses, which may contain blanks.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return Number(fields[11]) + Number(fields[12])
  })
  return ticks.reduce((sum, value) => sum + value, 0) / TICKS_PER_SECOND
}
