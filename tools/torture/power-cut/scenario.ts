/** What is recorded: one process that writes, reads, flushes and restarts as a seed says. Arguments: directory, seed, generation, life, 'close' or 'kill'. */
import { existsSync } from 'node:fs'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { openReader, openWriter, type QueueReader, type QueueWriter } from '@chronicle-ts/core'
import { Random } from '../random.js'
import { type ExpectedMessage, expectedMessage, type History } from './expected-message.js'
import { planOf } from './plan.js'

/** Says something to the recorder, which answers for every path below this one. */
function note(text: string): void {
  existsSync(`/power-cut-note/${text}`)
}

class Scenario {
  readonly #directory: string
  readonly #history: History
  readonly #random: Random
  readonly #readers = new Map<string, QueueReader>()
  #writer: QueueWriter

  constructor(directory: string, history: History, life: number) {
    this.#directory = directory
    this.#history = history
    this.#random = new Random(history.seed * 31 + history.generation * 7 + life)
    this.#writer = this.#openWriter()
  }

  async run(actions: number): Promise<void> {
    this.#openReader('first')
    for (let done = 0; done < actions; done++) await this.#act()
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
    reader.close()
    this.#readers.delete(name)
    this.#openReader(name)
  }

  #reopenWriter(): void {
    this.#writer.close()
    this.#writer = this.#openWriter()
  }
}

const [directory = '', seed = '0', generation = '1', life = '1', end = 'close'] = process.argv.slice(2)
const history = { seed: Number(seed), generation: Number(generation), segmentSize: planOf(Number(seed)).segmentSize }
const scenario = new Scenario(directory, history, Number(life))
await scenario.run(planOf(history.seed).actions)
if (end === 'kill') process.kill(process.pid, 'SIGKILL')
scenario.close()
