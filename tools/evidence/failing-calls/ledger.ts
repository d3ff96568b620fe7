import { QueueError } from '@chronicle-ts/core'

/** The message that belongs to a sequence: nothing needs to be remembered to check it. */
export function messageOf(sequence: number, payloadLength = 150 + ((sequence * 397) % 900)): { typeId: number; payload: Buffer } {
  const payload = Buffer.alloc(payloadLength, `message ${sequence}, `)
  return { typeId: sequence % 1000, payload }
}

/** A call said that it did not do what it was asked for. */
export interface Failure {
  readonly doing: string
  readonly code: string
  readonly text: string
}

/** What a queue said about its messages and its readers, to be compared with what is there. */
export class Ledger {
  /** Sequences whose append said that they are in the queue. */
  readonly accepted = new Set<number>()
  /** Of appends that said that they are not; the error by the sequence that was to be given. */
  readonly refused = new Map<number, unknown>()
  /** Everything before it was said to be durable. */
  durable = 0
  /** Per reader, the sequences at which it may go on: one, or two after a commit that failed. */
  readonly positions = new Map<string, Set<number>>()
  /** What was wrong, in words. */
  readonly findings: string[] = []
  /** Every failure that a call reported, in order. */
  readonly failures: Failure[] = []

  get next(): number {
    return this.accepted.size === 0 ? 0 : Math.max(...this.accepted) + 1
  }

  accept(from: number, to: number): void {
    for (let sequence = from; sequence < to; sequence++) this.accepted.add(sequence)
  }

  find(finding: string): void {
    this.findings.push(finding)
  }

  /** Notes what a call threw. Anything but a coded error is a finding. Returns it when it is coded. */
  note(doing: string, error: unknown): QueueError | undefined {
    if (error instanceof QueueError) {
      this.failures.push({ doing, code: error.code, text: error.message })
      return error
    }
    this.find(`${doing} threw an uncoded error: ${describe(error)}`)
    return undefined
  }
}

export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const place = error.stack
    ?.split('\n')
    .slice(1, 4)
    .map((line) => line.trim().replace(/\(file:.*\/(packages|tools)\//, '($1/'))
  return `${error.name}: ${error.message} ${place?.join(' < ')}`
}
