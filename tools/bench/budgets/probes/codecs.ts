import type { Figures, Probe, ProbeContext } from '../probe.js'
import { runProgram } from '../run-program.js'
import { CODECS, type CodecOperation } from './codec-quotes.js'
import type { CodecFigures, CodecTask } from './codec-run.js'

const OPERATIONS: Readonly<Record<CodecOperation, string>> = { encode: 'Encode', readFour: 'ReadFour', readAll: 'ReadAll' }
const MANY_SCHEMAS = 40

/** A quote encoded and read without a queue, by each format, as a multiple of what a generator would write for the same layout. */
export const codecs: Probe = {
  name: 'messages without a queue, beside other formats',
  measure: (context) => {
    const operations = Object.keys(OPERATIONS) as CodecOperation[]
    return Object.assign({}, ...operations.map((operation) => measureOperation(context, operation)), measureSchemas(context))
  },
}

function measureOperation(context: ProbeContext, operation: CodecOperation): Figures {
  const suffix = OPERATIONS[operation]
  const floorNs = run(context, { codec: 'generated', operation })
  const others = Object.keys(CODECS).filter((codec) => codec !== 'generated')
  const quotients = others.map((codec) => [`${codec}${suffix}PerGenerated`, run(context, { codec, operation }) / floorNs])
  return { [`generated${suffix}Ns`]: floorNs, ...Object.fromEntries(quotients) }
}

function measureSchemas(context: ProbeContext): Figures {
  const floorNs = run(context, { schemas: 0 })
  return {
    oneSchemaPerGenerated: run(context, { schemas: 1 }) / floorNs,
    manySchemasPerGenerated: run(context, { schemas: MANY_SCHEMAS }) / floorNs,
  }
}

function run({ directory, seconds }: ProbeContext, work: CodecTask['work']): number {
  const task: CodecTask = { directory, seconds, work }
  return runProgram<CodecFigures>('codec-run', task).ns
}
