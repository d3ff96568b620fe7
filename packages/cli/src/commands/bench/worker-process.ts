import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type BenchNote, type BenchTask, WrongResultError } from './bench-task.js'

const PROGRAM = fileURLToPath(new URL('./bench-worker.js', import.meta.url))

/**
 * A worker process and the notes it sends. Measuring happens in processes of their own: a loop that spins would keep this one from hearing Ctrl-C, and readers live in other processes
 * in earnest, too.
 */
export class WorkerProcess implements Disposable {
  readonly #child: ChildProcess
  readonly #notes: BenchNote[] = []
  #exit: string | undefined
  #changed: () => void = () => undefined

  /** `pinnedTo`: every thread of the process stays on this CPU. */
  constructor(task: BenchTask, pinnedTo?: number) {
    const node = [PROGRAM, JSON.stringify(task)]
    const stdio = ['ignore', 'ignore', 'pipe', 'ipc'] as const
    this.#child =
      pinnedTo === undefined
        ? spawn(process.execPath, node, { stdio: [...stdio] })
        : spawn('taskset', ['-c', String(pinnedTo), process.execPath, ...node], { stdio: [...stdio] })
    // A second Ctrl-C ends this process without unwinding.
    process.once('exit', this.#kill)
    let complaint = ''
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-500)
    })
    this.#child.on('message', (note) => {
      this.#notes.push(note as BenchNote)
      this.#changed()
    })
    this.#child.on('error', (error) => this.#ended(error.message))
    this.#child.on('close', (code, signal) => this.#ended(complaint.trim().split('\n')[0] || `${signal ?? `exit code ${code}`}`))
  }

  /** Lets a sender begin. */
  go(): void {
    this.#child.send('go')
  }

  /** The next note, of this kind. @throws the worker's own error, or one that says how it ended. */
  async note<Kind extends BenchNote['kind']>(kind: Kind, signal: AbortSignal): Promise<Extract<BenchNote, { kind: Kind }>> {
    while (this.#notes.length === 0 && this.#exit === undefined && !signal.aborted) await this.#change(signal)
    signal.throwIfAborted()
    const note = this.#notes.shift()
    if (note === undefined) throw new Error(`a process of the benchmark ended early: ${this.#exit}`)
    if (note.kind === 'failed') throw note.isWrong ? new WrongResultError(note.reason) : new Error(note.reason)
    if (note.kind !== kind) throw new Error(`a process of the benchmark answered ${note.kind} instead of ${kind}`)
    return note as Extract<BenchNote, { kind: Kind }>
  }

  /** Ends it in the middle of its work. */
  [Symbol.dispose](): void {
    process.off('exit', this.#kill)
    this.#kill()
  }

  readonly #kill = (): void => {
    this.#child.kill('SIGKILL')
  }

  #ended(reason: string): void {
    this.#exit = reason
    this.#changed()
  }

  /** Resolves at the next note, at the end of the process, or when the signal is aborted. */
  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#changed = done
      signal.addEventListener('abort', done)
    })
  }
}
