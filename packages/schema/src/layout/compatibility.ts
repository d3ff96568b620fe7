import { SchemaIncompatibleError } from '../errors/index.js'
import type { FieldDescription, SchemaDescription } from '../spec/field-spec.js'
import { checkIsDescription, layoutOf } from './fingerprint.js'

/**
 * Returns what keeps two definitions of one typeId from living in one queue, one sentence each; empty when both can read what either wrote. The order of the
 * two does not matter: the one with the greater version must append to the other, and nothing else.
 *
 * - New fields stand after the old ones and carry a later version; nothing of an old field changes, but its name.
 * - A later version may rename a field to a name that was not there before. Two fields that swap their names are refused: the bytes would change their meaning.
 * - An enum or flags may gain members in a later version.
 * - One version is one definition: two that differ in names only were made by two programs that did not know of each other.
 */
export function schemaDifferences(one: SchemaDescription, other: SchemaDescription): string[] {
  checkIsDescription('one', one)
  checkIsDescription('other', other)
  const [older, newer] = one.version <= other.version ? [one, other] : [other, one]
  const head = differencesOfHead(older, newer)
  if (head.length > 0) return head
  return [...differencesOfOld(older, newer), ...differencesOfAdded(older, newer), ...differencesOfRest(older, newer)]
}

/** @throws `ERR_SCHEMA_INCOMPATIBLE` with the differences. */
export function checkCompatible(one: SchemaDescription, other: SchemaDescription): void {
  const differences = schemaDifferences(one, other)
  if (differences.length > 0) throw new SchemaIncompatibleError({ type: other.name, typeId: other.typeId, differences })
}

function differencesOfHead(older: SchemaDescription, newer: SchemaDescription): string[] {
  const facts = ['typeId', 'name', 'encoding'] as const
  return facts
    .filter((fact) => older[fact] !== newer[fact])
    .map((fact) => `${fact} is ${older[fact]} in version ${older.version} and ${newer[fact]} in version ${newer.version}`)
}

function differencesOfOld(older: SchemaDescription, newer: SchemaDescription): string[] {
  const isSame = older.version === newer.version
  return older.fields.flatMap((field, index) => {
    const now = newer.fields[index]
    if (now === undefined) return [`${field.name} is missing in version ${newer.version}`]
    if (now.name !== field.name && older.fields.some(({ name }) => name === now.name))
      return [`${field.name} is ${now.name} in version ${newer.version}, which is another field in version ${older.version}`]
    if (isSame && now.name !== field.name) return [`${field.name} is ${now.name} without a new version`]
    const change = changeOf(field, now, isSame)
    return change === undefined ? [] : [`${field.name} ${change} in version ${newer.version}`]
  })
}

function differencesOfAdded(older: SchemaDescription, newer: SchemaDescription): string[] {
  return newer.fields
    .slice(older.fields.length)
    .filter((field) => (field.since ?? 0) <= older.version)
    .map(
      (field) =>
        `${field.name} is not in version ${older.version}, although it is said to be there since ${field.since ?? 'the first version'}`,
    )
}

/** What self-describing encodings and SBE hold beside the fields. */
function differencesOfRest(older: SchemaDescription, newer: SchemaDescription): string[] {
  const differences: string[] = []
  const identity = ({ sbe }: SchemaDescription) => sbe && [sbe.schemaId, sbe.templateId, sbe.byteOrder, sbe.header]
  if (JSON.stringify(identity(older)) !== JSON.stringify(identity(newer))) differences.push('the SBE header differs')
  if ((newer.sbe?.blockLength ?? 0) < (older.sbe?.blockLength ?? 0)) differences.push('the SBE block is shorter')
  if (older.protobuf?.typeName !== newer.protobuf?.typeName) differences.push('the protobuf type differs')
  return differences
}

/** What changed in a field, as the rest of a sentence. */
function changeOf(before: FieldDescription, now: FieldDescription, isSameVersion: boolean): string | undefined {
  if (before.kind !== now.kind) return `was ${before.kind} and is ${now.kind}`
  if (before.offset !== now.offset) return `was at offset ${before.offset} and is at ${now.offset}`
  for (const choice of ['members', 'bits'] as const) {
    const change = changeOfChoices(choiceOf(before, choice), choiceOf(now, choice), isSameVersion)
    if (change !== undefined) return change
  }
  if ('fields' in before && 'fields' in now) {
    const change = changeOfNested(before.fields, now.fields, isSameVersion)
    if (change !== undefined) return change
  }
  return JSON.stringify(comparable(before)) === JSON.stringify(comparable(now)) ? undefined : 'has other properties'
}

function choiceOf(field: FieldDescription, choice: 'members' | 'bits'): Readonly<Record<string, number>> {
  return (field as unknown as Record<string, Record<string, number> | undefined>)[choice] ?? {}
}

/** Values are what the bytes hold, so a value must keep its name; new values may come with a new version. */
function changeOfChoices(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
  isSameVersion: boolean,
): string | undefined {
  const names = new Map(Object.entries(now).map(([name, value]) => [value, name]))
  for (const [name, value] of Object.entries(before)) {
    const nowName = names.get(value)
    if (nowName === undefined) return `lost ${name} (${value})`
    if (nowName !== name) return `calls ${value} ${nowName} instead of ${name}`
  }
  const gained = Object.entries(now).find(([name]) => !Object.hasOwn(before, name))
  return isSameVersion && gained !== undefined ? `gained ${gained[0]} without a new version` : undefined
}

/** Items of lists and parts of composites: the same fields with the same names. */
function changeOfNested(
  before: readonly FieldDescription[],
  now: readonly FieldDescription[],
  isSameVersion: boolean,
): string | undefined {
  if (before.length !== now.length) return `had ${before.length} fields and has ${now.length}`
  for (const [index, field] of before.entries()) {
    const other = now[index] as FieldDescription
    if (other.name !== field.name && before.some(({ name }) => name === other.name))
      return `has ${other.name} where ${field.name} was`
    if (isSameVersion && other.name !== field.name) return `calls ${field.name} ${other.name} without a new version`
    const change = changeOf(field, other, isSameVersion)
    if (change !== undefined) return `${field.name} ${change}`
  }
  return undefined
}

/** The layout without what was compared before. */
function comparable(field: FieldDescription): unknown {
  return (layoutOf(field) as [string, unknown][]).filter(([fact]) => !['members', 'bits', 'fields'].includes(fact))
}
