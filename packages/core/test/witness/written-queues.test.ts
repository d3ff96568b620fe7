import { closeSync, cpSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { amount } from '../../../../tools/evidence/effort/effort.mjs'
import { readQueue } from '../../../../tools/evidence/witness/read-queue.mjs'
import { segmentFileName } from '../../src/format/index.js'
import { openObserver, openReader, openWriter, type QueueReader, type QueueWriter } from '../../src/index.js'

const segmentSize = 4096
const maxLength = segmentSize - 128

let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'chronicle-written-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

interface Sent {
  readonly typeId: number
  readonly payload: Buffer
}

/** A queue under test beside the model of what it must hold. */
class Subject {
  directory: string
  readonly sent: Sent[] = []
  readonly #name: string
  #copies = 0
  #read = 0
  #committed = 0
  #extensions: boolean
  #writer: QueueWriter
  #reader: QueueReader | undefined

  constructor(name: string, extensions: boolean) {
    this.#name = name
    this.directory = join(root, `${name}-0`)
    this.#extensions = extensions
    this.#writer = openWriter(this.directory, { segmentSize, extensions })
  }

  append({ typeId, payload }: Sent): void {
    expect(this.#writer.append(typeId, payload)).toBe(this.sent.length)
    this.sent.push({ typeId, payload })
  }

  appendBatch(messages: readonly Sent[]): void {
    expect(this.#writer.appendBatch(messages)).toBe(this.sent.length)
    this.sent.push(...messages)
  }

  claim({ typeId, payload }: Sent, commit: boolean): void {
    const claim = this.#writer.claim(typeId, payload.length)
    claim.payload.set(payload)
    if (commit) {
      claim.commit()
      this.sent.push({ typeId, payload })
    } else {
      claim.abort()
    }
  }

  roll(): void {
    this.#writer.roll()
  }

  flush(): void {
    this.#writer.flushSync()
  }

  read(count: number): void {
    this.#reader ??= openReader(this.directory, 'reader')
    for (let index = 0; index < count; index++) {
      const message = this.#reader.next()
      if (message === undefined) {
        expect(this.#read).toBe(this.sent.length)
        break
      }
      expect({ typeId: message.typeId, payload: Buffer.from(message.payload) }).toEqual(this.sent[this.#read])
      this.#read++
    }
  }

  commit(): void {
    this.#reader?.commit()
    if (this.#reader !== undefined) this.#committed = this.#read
  }

  reopenReader(): void {
    this.#reader?.close()
    this.#reader = undefined
    this.#read = this.#committed
  }

  reopenWriter(extensions: boolean): void {
    this.#writer.close()
    this.#extensions = extensions
    this.#writer = openWriter(this.directory, { extensions })
  }

  /** What a process that dies here leaves is a copy of the files as they are; the queue goes on in that copy. */
  crash(unfinished: Buffer | undefined): void {
    if (unfinished !== undefined) this.#writer.claim(1, unfinished.length).payload.set(unfinished)
    const { segmentId, offset } = this.#writer.position
    this.#copies++
    const copy = join(root, `${this.#name}-${this.#copies}`)
    copyLiveQueue(this.directory, copy)
    if (unfinished !== undefined) scribble(join(copy, segmentFileName(segmentId)), offset)
    this.close()
    this.reopenReader()
    if (this.#extensions) expect(readQueue(copy).problems).toEqual([])
    this.directory = copy
    this.#writer = openWriter(copy, { extensions: this.#extensions })
  }

  close(): void {
    this.#reader?.close()
    this.#reader = undefined
    this.#writer.close()
  }
}

/** The next segment comes and goes in the background, also one that an earlier life left: when it is gone between listing and copying, the copy begins again. */
function copyLiveQueue(from: string, to: string): void {
  for (;;) {
    try {
      cpSync(from, to, { recursive: true, filter: (source) => !source.endsWith('.tmp') })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      rmSync(to, { recursive: true, force: true })
    }
  }
}

/** An append writes its header, all but the commit word, before it commits. */
function scribble(path: string, offset: number): void {
  const fd = openSync(path, 'r+')
  writeSync(fd, Buffer.alloc(24, 0xa5), 0, 24, offset + 8)
  closeSync(fd)
}

interface Text {
  readonly typeId: number
  readonly length: number
  readonly seed: number
}

type Step =
  | { readonly does: 'append'; readonly message: Text }
  | { readonly does: 'appendBatch'; readonly messages: readonly Text[] }
  | { readonly does: 'claim'; readonly message: Text; readonly commit: boolean }
  | { readonly does: 'read'; readonly count: number }
  | { readonly does: 'commit' | 'roll' | 'flush' | 'reopenReader' }
  | { readonly does: 'reopenWriter'; readonly extensions: boolean }
  | { readonly does: 'crash'; readonly unfinished: Text | undefined }

function sentOf({ typeId, length, seed }: Text): Sent {
  return { typeId, payload: Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 11 + seed) & 255)) }
}

function take(step: Step, subject: Subject): void {
  switch (step.does) {
    case 'append':
      subject.append(sentOf(step.message))
      break
    case 'appendBatch':
      subject.appendBatch(step.messages.map(sentOf))
      break
    case 'claim':
      subject.claim(sentOf(step.message), step.commit)
      break
    case 'read':
      subject.read(step.count)
      break
    case 'reopenWriter':
      subject.reopenWriter(step.extensions)
      break
    case 'crash':
      subject.crash(step.unfinished === undefined ? undefined : sentOf(step.unfinished).payload)
      break
    default:
      subject[step.does]()
      break
  }
}

const typeId = fc.integer({ min: 0, max: 0xfffe })
const seed = fc.nat(255)
const small = fc.record({ typeId, length: fc.integer({ min: 0, max: 300 }), seed })
const large = fc.record({ typeId, length: fc.integer({ min: 0, max: maxLength }), seed })
const does = <const T extends string>(name: T) => fc.constant(name)

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ does: does('append'), message: small }) },
  { weight: 3, arbitrary: fc.record({ does: does('append'), message: large }) },
  { weight: 2, arbitrary: fc.record({ does: does('appendBatch'), messages: fc.array(small, { minLength: 1, maxLength: 30 }) }) },
  { weight: 3, arbitrary: fc.record({ does: does('claim'), message: small, commit: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ does: does('read'), count: fc.nat(40) }) },
  { weight: 5, arbitrary: fc.record({ does: fc.constantFrom('commit', 'roll', 'flush', 'reopenReader') }) },
  { weight: 1, arbitrary: fc.record({ does: does('reopenWriter'), extensions: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ does: does('crash'), unfinished: fc.option(large, { nil: undefined }) }) },
)

describe('queues that our writer wrote, in any order of calls, restarts and deaths', () => {
  it('hold what was appended and nothing else, as the witness sees it', () => {
    let runs = 0
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), fc.boolean(), (steps, extensions) => {
        runs += 1
        const subject = new Subject(`run-${runs}`, extensions)
        try {
          for (const each of steps) take(each, subject)
        } finally {
          subject.close()
        }
        const witnessed = readQueue(subject.directory)
        expect(witnessed.problems).toEqual([])
        expect(witnessed.records).toMatchObject(subject.sent.map((sent, sequence) => ({ sequence, ...sent })))
        expect(witnessed.torn).toEqual([])
        using observer = openObserver(subject.directory)
        expect(observer.poll(Number.POSITIVE_INFINITY, () => {})).toBe(subject.sent.length)
      }),
      { numRuns: amount({ short: 10, long: 40 }), interruptAfterTimeLimit: 30_000 },
    )
  })
})
