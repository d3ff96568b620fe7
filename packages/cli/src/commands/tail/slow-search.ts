import { Worker } from 'node:worker_threads'
import { UsageError } from '../../command-error.js'

/** A pattern that has not got through one text in this time never will: good ones read gigabytes in it. */
const TOO_SLOW_MS = 3000

const PROGRAM = `const { parentPort, workerData } = require('node:worker_threads')
const { source, flags, text } = workerData
parentPort.postMessage(new RegExp(source, flags).test(text))`

/** The search of one text in a thread of its own, which can be ended at any time while this one receives signals. */
export class SlowSearch {
  /** Resolves when the search is done, failed, or took too long. */
  readonly done: Promise<void>
  readonly #worker: Worker
  #outcome: boolean | Error | undefined

  constructor(pattern: RegExp, text: string) {
    const { source, flags } = pattern
    this.#worker = new Worker(PROGRAM, { eval: true, workerData: { source, flags, text } })
    let timer: NodeJS.Timeout | undefined
    this.done = new Promise((resolve) => {
      this.#worker.on('online', () => {
        timer = setTimeout(() => this.#end(tooSlow(pattern)), TOO_SLOW_MS)
      })
      this.#worker.on('message', (matches: boolean) => this.#end(matches))
      this.#worker.on('error', (error) => this.#end(error))
      this.#worker.on('exit', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  /** Whether the text matches; `undefined` while it is searched. @throws UsageError when that takes too long. */
  get matches(): boolean | undefined {
    if (this.#outcome instanceof Error) throw this.#outcome
    return this.#outcome
  }

  close(): void {
    void this.#worker.terminate()
  }

  #end(outcome: boolean | Error): void {
    this.#outcome ??= outcome
    this.close()
  }
}

function tooSlow(pattern: RegExp): UsageError {
  return new UsageError(
    `the pattern ${pattern} takes too long to search with; repetitions inside of repetitions, as in (a+)+, do that`,
  )
}
