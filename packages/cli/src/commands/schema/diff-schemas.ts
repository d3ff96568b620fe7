import { fingerprintOf, type SchemaDescription, schemaDifferences } from '@chronicle-ts/schema'
import type { CommandContext } from '../../command-context.js'
import { EXIT_CRITICAL, EXIT_HEALTHY, EXIT_WARNING, worseExitCode } from '../../exit-codes.js'
import { toJsonReport } from '../../output/json.js'
import { printable } from '../../output/printable.js'
import { exitCodeOf, readRegistry } from './read-registry.js'

/** What two registries say of one type. */
interface TypeDifference {
  readonly typeId: number
  readonly name: string
  /** `equal`; `compatible`: each reads what the other wrote; `incompatible`; or only one of them has it. */
  readonly verdict: 'equal' | 'compatible' | 'incompatible' | 'only-first' | 'only-second'
  readonly versions: readonly [first: number | undefined, second: number | undefined]
  readonly differences: readonly string[]
}

/** Compares the newest version of each type of two queues. */
export function diffSchemas(context: CommandContext, first: string, second: string): number {
  const [one, other] = [readRegistry(context, first), readRegistry(context, second)]
  const [ones, others] = [newestByType(one.schemas), newestByType(other.schemas)]
  const typeIds = [...new Set([...ones.keys(), ...others.keys()])].sort((a, b) => a - b)
  const types = typeIds.map((typeId) => compare(typeId, ones.get(typeId), others.get(typeId)))
  if (context.json) context.output.line(toJsonReport('schema', { queues: [first, second], types }))
  else if (types.length === 0) context.output.line('both schema registries are empty')
  else context.output.lines(types.flatMap((type) => render(type, context.output)))
  const code = worseExitCode(exitCodeOf(one), exitCodeOf(other))
  return types.reduce((worst, { verdict }) => worseExitCode(worst, EXIT_CODES[verdict]), code)
}

const EXIT_CODES: Readonly<Record<TypeDifference['verdict'], number>> = {
  equal: EXIT_HEALTHY,
  compatible: EXIT_WARNING,
  'only-first': EXIT_WARNING,
  'only-second': EXIT_WARNING,
  incompatible: EXIT_CRITICAL,
}

function newestByType(schemas: readonly SchemaDescription[]): Map<number, SchemaDescription> {
  return new Map(schemas.map((schema) => [schema.typeId, schema]))
}

function compare(typeId: number, one: SchemaDescription | undefined, other: SchemaDescription | undefined): TypeDifference {
  const versions = [one?.version, other?.version] as const
  const name = one?.name ?? other?.name ?? ''
  if (one === undefined) return { typeId, name, verdict: 'only-second', versions, differences: [] }
  if (other === undefined) return { typeId, name, verdict: 'only-first', versions, differences: [] }
  const differences = schemaDifferences(one, other)
  const isEqual = one.version === other.version && fingerprintOf(one) === fingerprintOf(other)
  const verdict = differences.length > 0 ? 'incompatible' : isEqual ? 'equal' : 'compatible'
  return { typeId, name, verdict, versions, differences }
}

function render(
  { typeId, name, verdict, versions, differences }: TypeDifference,
  { palette }: CommandContext['output'],
): string[] {
  const paint = { equal: palette.good, incompatible: palette.critical }[verdict as 'equal'] ?? palette.warning
  const [one, other] = versions.map((version) => (version === undefined ? 'missing' : `version ${version}`))
  const said = verdict.startsWith('only') ? `${one} in the first queue, ${other} in the second` : `${one} and ${other}`
  return [
    `${paint(verdict.padEnd(12))}  ${typeId} ${printable(name)}: ${said}`,
    ...differences.map((difference) => `                ${printable(difference)}`),
  ]
}
