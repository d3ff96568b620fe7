import { main } from '@chronicle-ts/cli'
import type { QueueCase } from '../queue-case.js'

/** Runs `chron-cli` in this process, and notes an exit code of a failure. What `main` throws the program prints, and exits with 1. Returns what was printed. */
export async function chronCli(queue: QueueCase, ...args: string[]): Promise<string> {
  const printed: string[] = []
  let exitCode = 1
  let text = ''
  const write = process.stdout.write
  process.stdout.write = (chunk: string | Uint8Array) => {
    printed.push(String(chunk))
    return true
  }
  try {
    exitCode = await main(['--log-level', 'silent', ...args])
  } catch (error) {
    text = String(error)
  } finally {
    process.stdout.write = write
  }
  queue.said = exitCode === 0 ? 'well' : undefined
  if (exitCode !== 0) queue.ledger.failures.push({ doing: `chron-cli ${args[0]}`, code: `exit ${exitCode}`, text })
  return printed.join('')
}
