/**
 * What is recorded: one process that writes, reads, flushes and restarts as a seed says, while calls fail now and then. Arguments: directory, seed, generation, life,
 * 'close' or 'kill', and the control file of the library that lets calls fail.
 */
import { existsSync } from 'node:fs'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { isQueueError, openReader, openWriter, type QueueReader, type QueueWriter } from '@chronicle-ts/core'
import { inspectQueue, repairQueue } from '@chronicle-ts/inspect'
import { FAULTS } from '../failing-calls/fault.js'
import { Injector } from '../failing-calls/injector.js'
import { Random } from '../random.js'
import { type ExpectedMessage, expectedMessage, type History } from './expected-message.js'
import { planOf } from './plan.js'

/** Says something to the recorder, which answers for every path below this one. */
function note(text: string): void {
  existsSync(`/power-cut-note/${text}`)
}

/** Syncs that fail matter most here. */
const CUT_FAULTS = FAULTS.filter(({ name }) =>
  ['EIO', 'EIO of a sync', 'EIO of a sync', 'ENOSPC', 'ENOSPC of a sync', 'EMFILE', 'ENOMEM', 'EAGAIN'].includes(name),
)
const PATIENCE_MS = 10_000

/** The power may have failed before the queue was there. */
function repairIfQueue(directory: string): void {
  if (inspectQueue(directory).isQueue) repairQueue(directory)
}

class Scenario {
  readonly #directory: string
  readonly #injector: Injector
  readonly #history: History
  readonly #random: Random
  readonly #readers = new Map<string, QueueReader>()
  #writer: QueueWriter

  constructor(directory: string, history: History, { life, injector }: { life: number; injector: Injector }) {
    this.#directory = directory
    this.#history = history
    this.#injector = injector
    this.#random = new Random(history.seed * 31 + history.generation * 7 + life)
    if (history.generation > 1 && life === 1 && planOf(history.seed).repairs) repairIfQueue(directory)
    this.#writer = this.#openWriter()
  }

  async run(actions: number): Promise<void> {
    this.#openReader('first')
    const { faults } = planOf(this.#history.seed)
    for (let done = 0; done < actions; done++) {
      if (faults === 0) await this.#act()
      else await this.#actAmongFaults(this.#random.chance(faults))
    }
  }

  /** Only coded errors are expected. A writer that goes on failing when the calls succeed is closed and opened again, as docs/errors.md says. */
  async #actAmongFaults(fails: boolean): Promise<void> {
    const random = this.#random
    const fault = random.pick(CUT_FAULTS)
    if (fails) this.#injector.arm(fault, random.pick(fault.durations), random.integer(1, 6))
    try {
      await this.#act()
    } catch (error) {
      if (!isQueueError(error)) throw error
      this.#injector.disarm()
      if (!fails) this.#writer.close()
    } finally {
      this.#injector.disarm()
    }
    const deadline = performance.now() + PATIENCE_MS
    while (this.#writer.closed) await this.#tryToOpen(deadline)
    if (this.#readers.size === 0) this.#openReader('first')
  }

  /** Jobs of the writer before may hold the lock for a moment. */
  async #tryToOpen(deadline: number): Promise<void> {
    try {
      this.#writer = this.#openWriter()
    } catch (error) {
      if (!isQueueError(error, 'ERR_WRITER_ACTIVE') || performance.now() > deadline) throw error
      await setTimeout(1)
    }
  }

  close(): void {
    for (const reader of this.#readers.values()) reader.close()
    this.#writer.close()
  }

  #openWriter(): QueueWriter {
    const writer = openWriter(this.#directory, planOf(this.#history.seed).writerOptions)
    note(`open ${writer.nextSequence}`)
    return writer
  }

  #openReader(name: string): void {
    if (this.#readers.has(name)) return
    const reader = openReader(this.#directory, name)
    note(`commit ${name} ${reader.peek()?.sequence ?? this.#writer.nextSequence}`)
    this.#readers.set(name, reader)
  }

  async #act(): Promise<void> {
    const random = this.#random
    const deed = random.fraction()
    if (deed < 0.3) this.#append()
    else if (deed < 0.38) this.#appendBatch()
    else if (deed < 0.46) this.#claim()
    else if (deed < 0.56) await this.#flush()
    else if (deed < 0.82) this.#read(random.pick([...this.#readers.values()]))
    else if (deed < 0.9) await (random.chance(0.5) ? setImmediate() : setTimeout(1))
    else if (deed < 0.93) this.#writer.roll()
    else if (deed < 0.95) this.#openReader(random.pick(['second', 'third']))
    else if (deed < 0.97) this.#reopenReader()
    else this.#reopenWriter()
  }

  #next(ahead = 0): ExpectedMessage {
    return expectedMessage(this.#history, this.#writer.nextSequence + ahead)
  }

  #append(): void {
    const { typeId, payload } = this.#next()
    this.#writer.append(typeId, payload)
  }

  #appendBatch(): void {
    const count = this.#random.integer(2, 12)
    this.#writer.appendBatch(Array.from({ length: count }, (_, index) => this.#next(index)))
  }

  #claim(): void {
    const { typeId, payload } = this.#next()
    const claim = this.#writer.claim(typeId, payload.length)
    claim.payload.set(payload)
    if (this.#random.chance(0.7)) claim.commit()
    else claim.abort()
  }

  async #flush(): Promise<void> {
    const sequence = this.#writer.nextSequence
    if (this.#random.chance(0.5)) this.#writer.flushSync()
    else await this.#writer.flush()
    note(`durable ${sequence}`)
  }

  #read(reader: QueueReader): void {
    let next = -1
    reader.poll(this.#random.integer(1, 20), (message) => {
      next = message.sequence + 1
    })
    if (next < 0 || this.#random.chance(0.2)) return
    note(`commit ${reader.name} ${next}`)
    const durable = this.#random.chance(0.3)
    reader.commit({ durable })
    if (durable) note(`durable-commit ${reader.name} ${next}`)
  }

  #reopenReader(): void {
    const [name, reader] = this.#random.pick([...this.#readers])
    this.#readers.delete(name)
    reader.close()
    this.#openReader(name)
  }

  #reopenWriter(): void {
    this.#writer.close()
    this.#writer = this.#openWriter()
  }
}

const [directory = '', seed = '0', generation = '1', life = '1', end = 'close', control = ''] = process.argv.slice(2)
const history = { seed: Number(seed), generation: Number(generation), segmentSize: planOf(Number(seed)).segmentSize }
const scenario = new Scenario(directory, history, { life: Number(life), injector: new Injector(control) })
await scenario.run(planOf(history.seed).actions)
if (end === 'kill') process.kill(process.pid, 'SIGKILL')
scenario.close()
