import { writeSync } from 'node:fs'

/** What a program of the harness says to its director: one JSON object per line on stdout. */
export type Said =
  /** Waits for its arguments. */
  | { readonly kind: 'loaded' }
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

/**
 * Runs a program once its director says with what arguments: one line of JSON on stdin. Until then it has loaded everything and does nothing, so that the next life
 * begins the moment the last one ended. What the program throws is a broken promise too.
 */
export function runProgram(main: (...args: string[]) => Promise<void>): void {
  let heard = ''
  // A director that is gone takes its actors along.
  process.stdin.on('end', () => process.exit(0))
  process.stdin.setEncoding('utf8').on('data', (text: string) => {
    if (heard.endsWith('\n')) return
    heard += text
    if (heard.endsWith('\n')) live(main, JSON.parse(heard) as string[])
  })
  say({ kind: 'loaded' })
}

function live(main: (...args: string[]) => Promise<void>, args: string[]): void {
  main(...args).then(
    () => process.stdin.destroy(),
    (error: unknown) => broken(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  )
}
