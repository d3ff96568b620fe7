/** The C programs of `tools/bench/floor` with the arguments of the comparison's programs: MEASURE FOLDER ARGUMENT... */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { compileFloor, runFloor } from '../../floor/compile-floor.js'
import { parseRun } from './parse-run.js'

/** The default of a queue. */
const SEGMENT_LENGTH = 128 * 1024 * 1024

const [measure, folder = '', ...rest] = process.argv.slice(2)
console.log(JSON.stringify(measure === 'ask' ? ask() : stream()))

function ask(): object {
  const [length = '', warmUp = '', count = ''] = rest
  return runFloor(compileFloor().pingPongProgram, folder, length, warmUp, count, 'crc')
}

/** Appends only: the C appender prepares its segments ahead, and nothing reads them. */
function stream(): object {
  const { program } = compileFloor()
  const figures = rest.map(parseRun).map(({ length, count }) => {
    const directory = join(folder, `stream-${length}`)
    mkdirSync(directory)
    const { nsPerMessage } = runFloor<{ nsPerMessage: number }>(program, 'sustained', directory, length, count, SEGMENT_LENGTH)
    rmSync(directory, { recursive: true })
    return [`append${length}Ns`, nsPerMessage]
  })
  return Object.fromEntries(figures)
}
