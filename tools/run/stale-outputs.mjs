import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** What the compiler makes of one source file. */
const OUTPUTS = ['.js', '.js.map', '.d.ts', '.d.ts.map']

/** What the entries of a package share, which has no source of its own (bundle.mjs). */
const SHARED = 'shared.js'

/**
 * Deletes what the compiler made of sources that do not exist any more: it never does that itself, and a package would carry them.
 *
 * @param {string} root the checkout
 */
export function removeStaleOutputs(root) {
  const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name))
  const pairs = [
    ...packages.map((folder) => [join(folder, 'dist'), join(folder, 'src')]),
    ...['examples', 'tools'].map((name) => [join(root, name, 'dist'), join(root, name)]),
  ]
  for (const [outputs = '', sources = ''] of pairs) if (existsSync(outputs) && existsSync(sources)) removeFrom(outputs, sources)
}

/**
 * @param {string} outputs
 * @param {string} sources
 */
function removeFrom(outputs, sources) {
  for (const entry of readdirSync(outputs, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      removeFrom(join(outputs, entry.name), join(sources, entry.name))
      if (readdirSync(join(outputs, entry.name)).length === 0) rmdirSync(join(outputs, entry.name))
      continue
    }
    const name = nameOf(entry.name)
    // A bundle takes the place of most scripts: there the declarations alone are left of a source.
    if (
      name === undefined ||
      entry.name === SHARED ||
      ['.ts', '.d.ts'].some((ending) => existsSync(join(sources, name + ending)))
    )
      continue
    for (const ending of OUTPUTS) rmSync(join(outputs, name + ending), { force: true })
  }
}

/**
 * @param {string} output
 * @returns {string | undefined} the name of its source without the ending
 */
function nameOf(output) {
  const ending = ['.d.ts', '.js'].find((one) => output.endsWith(one))
  return ending === undefined ? undefined : output.slice(0, -ending.length)
}
