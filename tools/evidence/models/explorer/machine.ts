/**
 * A tiny machine to run protocols on: some shared words, a few processes, and one store buffer per process as x86-TSO has it.
 *
 * A process is a set of labelled steps. One step makes at most one access to a shared word, so that every place where another process can
 * come between is a place between two steps. A step answers the label of the next one, or nothing when it cannot go on yet. Plain stores go into the process's buffer and
 * reach memory later, in order. Locked operations and fences wait until the buffer is empty; loads see the process's own buffered stores first. A kill takes a process away
 * between any two steps, when its buffer is empty. The death of a process loses no store that it executed, and the kernel has drained the buffer long before it releases a
 * lock.
 */

/** What one step may do. Addresses are indices of shared words; values are integers of 0..65535. */
export interface Cpu {
  /** Loads a shared word, the process's own buffered stores first. */
  load(address: number): number
  /** Stores a shared word through the store buffer. */
  store(address: number, value: number): void
  /** Locked operations: the buffer is empty before them, and the new value is in memory at once. They return the old value. */
  exchange(address: number, value: number): number
  add(address: number, difference: number): number
  /** A full fence. */
  fence(): void
  /** What the kernel or an onlooker sees: memory without buffers. */
  peek(address: number): number
  /** What the kernel or an onlooker writes: files, locks, which process sleeps, what was promised. */
  poke(address: number, value: number): void
  get(local: number): number
  set(local: number, value: number): void
  /** One of 0..count-1; all of them are explored. At most one choice in a step. */
  choose(count: number): number
  /** Reports a broken promise. */
  fail(message: string): void
}

export type Step = (cpu: Cpu) => string | undefined

/** A label that no step has: the process is finished. */
export const END = 'end'

export interface Process {
  readonly name: string
  readonly locals: number
  readonly start: string
  readonly steps: Readonly<Record<string, Step>>
  /** A kill may hit it between any two steps while the model has kills left. */
  readonly killable?: boolean
  /** Runs with the kill: what the kernel does then, such as releasing a lock. */
  readonly onKill?: (cpu: Cpu) => void
  /** Label at which a killed process starts again, with all locals 0; without it, it stays dead. */
  readonly restart?: string
}

export interface Model {
  readonly words: number
  readonly initial?: Readonly<Record<number, number>>
  readonly processes: readonly Process[]
  /** Stores that fit into a buffer; 0 makes every store immediate. */
  readonly bufferLength: number
  readonly kills: number
  /** Judges a state in which nothing can move any more: a message when something was left undone. */
  readonly judge: (end: EndState) => string | undefined
}

/** A state in which no process can move. */
export interface EndState {
  word(address: number): number
  local(process: number, local: number): number
  /** Whether the process reached its end (a dead one did not). */
  ended(process: number): boolean
  dead(process: number): boolean
}

/** Gives each name of a plan its first index: `words({ commit: 4, sealed: 2 })` is `{ commit: 0, sealed: 4, length: 6 }`. */
export function words<T extends Record<string, number>>(
  plan: T,
): { readonly [name in keyof T]: number } & { readonly length: number } {
  let length = 0
  const indices: Record<string, number> = {}
  for (const [name, count] of Object.entries(plan)) {
    indices[name] = length
    length += count
  }
  return { ...indices, length } as { readonly [name in keyof T]: number } & { readonly length: number }
}
