import { writeSync } from 'node:fs'

/** What a program of the harness says to its director: one JSON object per line on stdout. */
export type Said =
  | { readonly kind: 'ready'; readonly detail: string }
  /** A promise was broken. */
  | { readonly kind: 'broken'; readonly message: string }
  | { readonly kind: 'done'; readonly detail?: string }

/** Says something; the director may read it after this process is dead. */
export function say(said: Said): void {
  process.stdout.write(`${JSON.stringify(said)}\n`)
}

/** Says what was broken and ends the process, with nothing closed: evidence stays as it is. */
export function broken(message: string): never {
  writeSync(1, `${JSON.stringify({ kind: 'broken', message })}\n`)
  process.exit(3)
}

/** Runs a program; what it throws is a broken promise too. */
export function runProgram(main: () => Promise<void>): void {
  // A director that is gone takes its actors along.
  process.stdin.on('end', () => process.exit(0)).resume()
  main().then(
    () => process.stdin.destroy(),
    (error: unknown) => broken(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  )
}
