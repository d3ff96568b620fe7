import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** Runs a program of this bench in a process of its own and returns what it prints as JSON. @throws when it fails, with what it complained about. */
export function runProgram<T>(name: string, task: unknown, nodeOptions: readonly string[] = []): T {
  const program = join(import.meta.dirname, 'probes', `${name}.js`)
  return JSON.parse(execFileSync(process.execPath, [...nodeOptions, program, JSON.stringify(task)], { encoding: 'utf8' }))
}
