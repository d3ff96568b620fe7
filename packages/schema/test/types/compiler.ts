import { fileURLToPath } from 'node:url'

/** The path of a compiler among the installed packages. */
export function compiler(name: string): string {
  return fileURLToPath(import.meta.resolve(`${name}/package.json`)).replace(/package\.json$/, 'bin/tsc')
}
