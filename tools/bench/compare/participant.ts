/** The sending or receiving program of one measurement: a process, or a worker thread. */
import { setTimeout } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { monotonicNs } from '@chronicle-ts/cli/bench'
import type { ParticipantNote, ParticipantOrder, ParticipantTask } from './participant-task.js'
import { checkPayload, makePayload } from './payload.js'
import { findPeer } from './peers.js'
import type { Receiver, Sender } from './transport.js'
import type { ChannelPorts } from './transports/message-channel.js'

const given = workerData as { readonly task: ParticipantTask; readonly ports: ChannelPorts } | null
const task: ParticipantTask = given?.task ?? JSON.parse(process.argv[2] ?? '{}')
const waiting: ((order: ParticipantOrder) => void)[] = []
const orders: ParticipantOrder[] = []
if (parentPort) parentPort.on('message', takeOrder)
else process.on('message', takeOrder).on('disconnect', () => process.exit(1))

try {
  await participate()
} catch (error) {
  note({ kind: 'failed', reason: error instanceof Error ? `${task.peer}, ${task.role}: ${error.message}` : String(error) })
}

async function participate(): Promise<void> {
  const transport = findPeer(task.peer)?.transport(given?.ports ?? { sending: {}, receiving: {} })
  if (transport === undefined) throw new Error('unknown peer')
  const receiver = task.receiveFrom && (await transport.openReceiver(task.receiveFrom, task.index))
  note({ kind: 'receiving' })
  await nextOrder('connect')
  const sender = task.sendTo && (await transport.openSender(task.sendTo))
  // A receiver listens before the first message; what a sender needs is there.
  const early = receiver && task.role !== 'ask' ? work(sender, receiver) : undefined
  early?.catch(() => undefined)
  note({ kind: 'ready' })
  await nextOrder('go')
  const latenciesNs = await (early ?? work(sender, receiver))
  note({ kind: 'done', atNs: monotonicNs(), latenciesNs })
  await nextOrder('exit')
  await sender?.close()
  await receiver?.close()
  if (parentPort) parentPort.close()
  else process.exit()
}

async function work(sender: Sender | undefined, receiver: Receiver | undefined): Promise<number[]> {
  if (sender && receiver) return task.role === 'ask' ? ask(sender, receiver) : answer(sender, receiver)
  if (receiver) return receive(receiver)
  if (sender) await (task.role === 'pace' ? pace(sender) : send(sender))
  return []
}

async function send(sender: Sender): Promise<void> {
  for (let index = 0; index < task.count; index += task.group) {
    const length = Math.min(task.group, task.count - index)
    await sender.send(Array.from({ length }, (_, offset) => makePayload(task.payloadLength, index + offset)))
  }
}

/** A timer each millisecond sends what became due; latencies count from the call of `send`. */
async function pace(sender: Sender): Promise<void> {
  const startMs = performance.now()
  const sent: (void | Promise<void>)[] = []
  for (let index = 0; index < task.count; ) {
    const due = Math.min(task.count, Math.floor(((performance.now() - startMs) / 1000) * task.messagesPerSecond))
    for (; index < due; index++) sent.push(sender.send([makePayload(task.payloadLength, index, monotonicNs())]))
    await setTimeout(1)
  }
  await Promise.all(sent)
}

async function receive(receiver: Receiver): Promise<number[]> {
  const latenciesNs: number[] = []
  let index = 0
  await receiver.run((payload) => {
    const sentNs = checkPayload(payload, task.payloadLength, index)
    if (sentNs > 0) latenciesNs.push(monotonicNs() - sentNs)
    return ++index < task.count
  })
  return latenciesNs
}

async function ask(sender: Sender, receiver: Receiver): Promise<number[]> {
  let asked = 0
  let answered = 0
  const sent: (void | Promise<void>)[] = []
  const askNext = () => {
    if (asked < task.count) sent[asked % task.group] = sender.send([makePayload(task.payloadLength, asked++)])
  }
  const answers = receiver.run((payload) => {
    checkPayload(payload, task.payloadLength, answered++)
    askNext()
    return answered < task.count
  })
  for (let inFlight = 0; inFlight < task.group; inFlight++) askNext()
  await answers
  await Promise.all(sent)
  return []
}

async function answer(sender: Sender, receiver: Receiver): Promise<number[]> {
  let index = 0
  const last: (void | Promise<void>)[] = []
  await receiver.run((payload) => {
    checkPayload(payload, task.payloadLength, index)
    // A copy: a payload may be a view that is valid only now.
    last[0] = sender.send([Uint8Array.from(payload)])
    return ++index < task.count
  })
  await last[0]
  return []
}

function takeOrder(order: ParticipantOrder): void {
  const take = waiting.shift()
  if (take) take(order)
  else orders.push(order)
}

async function nextOrder(expected: ParticipantOrder): Promise<void> {
  const order = orders.shift() ?? (await new Promise<ParticipantOrder>((resolve) => waiting.push(resolve)))
  if (order !== expected) throw new Error(`order ${order} instead of ${expected}`)
}

function note(content: ParticipantNote): void {
  if (parentPort) parentPort.postMessage(content)
  else process.send?.(content)
}
