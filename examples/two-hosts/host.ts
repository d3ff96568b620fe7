import { join } from 'node:path'
import { readIdentity } from '@chronicle-ts/bridge'
import { BusLayout } from '@chronicle-ts/bus'
import { openObserver, QueueError } from '@chronicle-ts/core'
import { Program } from '../trading/demo/program.js'
import { sendNotesDirectory } from '../trading/feed/send-notes.js'

const PROGRAMS = {
  feed: new URL('../trading/feed/main.js', import.meta.url),
  strategy: new URL('../trading/strategy/main.js', import.meta.url),
  router: new URL('../trading/router/main.js', import.meta.url),
  bridge: new URL('./bridge.js', import.meta.url),
}

/** Directories of the queues that a feed writes and a bridge carries: the frames, and the notes of when each was sent. */
export function queuesOfVenue(layout: BusLayout, venue: string): readonly [frames: string, notes: string] {
  return [layout.feed(venue).directory, sendNotesDirectory(layout, venue)]
}

/** A directory and the processes that use it: they share nothing with those of the other host but the server. */
export class Host {
  readonly layout: BusLayout
  readonly queues: readonly [frames: string, notes: string]
  readonly #programs = new Set<Program>()

  constructor(
    readonly name: string,
    folder: string,
    venue: string,
  ) {
    this.layout = new BusLayout(join(folder, name))
    this.queues = queuesOfVenue(this.layout, venue)
  }

  start<State>(name: keyof typeof PROGRAMS, ...args: readonly string[]): Program<State> {
    const program = new Program<State>(`${name} of host ${this.name}`, PROGRAMS[name], [...args, '--root', this.layout.root])
    this.#programs.add(program)
    program.send('start')
    return program
  }

  /** Ends one process. SIGTERM asks it; SIGKILL gives it no time for anything. */
  async end<State>(program: Program<State>, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#programs.delete(program)
    program.kill(signal)
    await program.ended
  }

  /** Lets a process finish what is there. @throws `ExpectedError` when it fails instead. */
  async drain<State>(program: Program<State>): Promise<void> {
    program.send('drain')
    await program.ended
    this.assertHealthy()
  }

  /** Kills everything at once: all that remains is the directory. */
  async die(): Promise<void> {
    await Promise.all([...this.#programs].map((program) => this.end(program, 'SIGKILL')))
  }

  /** @throws `ExpectedError` when a process failed, or died without having been killed */
  assertHealthy(): void {
    for (const program of this.#programs) program.assertHealthy()
  }

  /** Sequence of the next frame; 0 before the queue exists. */
  get nextFrame(): number {
    const [frames] = this.queues
    return nextSequenceOf(frames)
  }

  /** Sequences of the next message of each queue. */
  get nextSequences(): readonly number[] {
    return this.queues.map(nextSequenceOf)
  }
}

function nextSequenceOf(directory: string): number {
  if (readIdentity(directory) === undefined) return 0
  try {
    using observer = openObserver(directory, { start: 'latest' })
    return observer.nextSequence
  } catch (error) {
    // A queue in the making.
    if (error instanceof QueueError && error.code === 'ERR_NOT_READY') return 0
    throw error
  }
}
