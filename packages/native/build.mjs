// Compiles cpp/*.cc into dist/chronicle.node with the C++ compiler of the system ($CXX, or c++, g++, clang++). Needs no network: the headers come from the npm
// package node-api-headers. Does nothing when sources, flags and compiler are those of the last build.
import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { compileFlags, fail, filesIn, folder, headerFolder, linkFlags, sourceFolder } from './build-settings.mjs'

const run = promisify(execFile)
const outputFolder = join(folder, 'dist')
const output = join(outputFolder, 'chronicle.node')
const stamp = join(outputFolder, 'chronicle.node.hash')
// CXX may carry a wrapper or flags ("ccache g++ -m64").
const candidates = process.env.CXX ? [process.env.CXX.trim().split(/\s+/)] : [['c++'], ['g++'], ['clang++']]

const warningFlags = [
  ...['-Wall', '-Wextra', '-Wshadow', '-Wconversion'],
  // An unknown compiler may warn of more, which must not stop a user's build.
  ...(process.env.CI ? ['-Werror'] : []),
]

/** The first of the candidates that runs. */
function findCompiler() {
  for (const [command, ...flags] of candidates) {
    try {
      const version = execFileSync(command, [...flags, '--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      return { command, flags, version: [...flags, version].join(' ') }
    } catch {
      // The next one may run.
    }
  }
  const names = candidates.map((words) => `'${words.join(' ')}'`).join(', ')
  return fail(
    `A C++ compiler is missing: ${names} does not run. Install one (Debian, Ubuntu: apt-get install g++) or name it in CXX.`,
  )
}

function digest(version, headers) {
  const hash = createHash('sha256').update(JSON.stringify([version, compileFlags, warningFlags, linkFlags, process.arch]))
  for (const file of [...filesIn(sourceFolder, /\.(cc|h)$/), ...filesIn(headers, /\.h$/)])
    hash.update(basename(file)).update('\0').update(readFileSync(file))
  return hash.digest('hex')
}

async function inParallel(tasks, width) {
  const queue = [...tasks]
  const work = async () => {
    for (let task = queue.shift(); task; task = queue.shift()) await task()
  }
  await Promise.all(Array.from({ length: width }, work))
}

async function compile({ command, flags }, headers) {
  const objects = mkdtempSync(join(outputFolder, 'objects-'))
  try {
    const sources = filesIn(sourceFolder, /\.cc$/)
    const objectOf = (source) => join(objects, `${basename(source)}.o`)
    const compileOne = (source) => () =>
      run(command, [...flags, ...compileFlags, ...warningFlags, '-isystem', headers, '-c', source, '-o', objectOf(source)])
    await inParallel(sources.map(compileOne), availableParallelism())
    const linked = join(objects, 'chronicle.node')
    await run(command, [...flags, ...linkFlags, ...sources.map(objectOf), '-o', linked])
    // A process that has the old file loaded keeps it.
    renameSync(linked, output)
  } finally {
    rmSync(objects, { recursive: true, force: true })
  }
}

const headers = headerFolder()
const compiler = findCompiler()
const wanted = digest(compiler.version, headers)
mkdirSync(outputFolder, { recursive: true })
if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) process.exit(0)
try {
  await compile(compiler, headers)
  writeFileSync(stamp, wanted)
} catch (error) {
  fail(error.stderr || error.message)
}
