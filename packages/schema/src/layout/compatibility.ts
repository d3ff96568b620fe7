import { SchemaIncompatibleError } from '../errors/index.js'
import { type FieldDescription, isSection, type SchemaDescription } from '../spec/field-spec.js'
import { checkIsDescription, layoutOf } from './fingerprint.js'

/**
 * Returns what keeps two definitions of one typeId from living in one queue, one sentence each; empty when both can read what either wrote. The order of the
 * two does not matter: the one with the greater version must append to the other, and nothing else.
 *
 * - New fields stand after the old ones and carry a later version; nothing of an old field changes, but its name.
 * - A later version may rename a field to a name that was not there before. Two fields that swap their names are refused: the bytes would change their meaning.
 * - An enum or flags may gain members in a later version.
 * - SBE has two orders: fields of the block, and then groups and data. In each of them the new ones stand after the old ones. The block of a group may gain fields: each message
 *   says how long it is. A group may not gain groups and data: nothing says where they end.
 * - One version is one definition: two that differ in names only were made by two programs that did not know of each other.
 */
export function schemaDifferences(one: SchemaDescription, other: SchemaDescription): string[] {
  checkIsDescription('one', one)
  checkIsDescription('other', other)
  const [older, newer] = one.version <= other.version ? [one, other] : [other, one]
  const head = differencesOfHead(older, newer)
  if (head.length > 0) return head
  return [...differencesOfFields(older, newer), ...differencesOfRest(older, newer)]
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

/** The fields of both definitions in pairs, as they stand in the bytes; a field of one of them only has no partner. */
type Pair = readonly [before: FieldDescription | undefined, now: FieldDescription | undefined]

/** Fields of the block, and groups and data: where a block grows, what follows it keeps its place among its own kind. */
function pairsOf(before: readonly FieldDescription[], now: readonly FieldDescription[]): Pair[] {
  return [false, true].flatMap((isAfterBlock) => {
    const [olds, news] = [before, now].map((fields) => fields.filter((field) => isSection(field) === isAfterBlock)) as [
      FieldDescription[],
      FieldDescription[],
    ]
    return Array.from({ length: Math.max(olds.length, news.length) }, (_, index): Pair => [olds[index], news[index]])
  })
}

function differencesOfFields(older: SchemaDescription, newer: SchemaDescription): string[] {
  const isSame = older.version === newer.version
  return pairsOf(older.fields, newer.fields).flatMap(([field, now]) => {
    if (field === undefined) return now === undefined ? [] : differencesOfAdded(now, older)
    if (now === undefined) return [`${field.name} is missing in version ${newer.version}`]
    if (now.name !== field.name && older.fields.some(({ name }) => name === now.name))
      return [`${field.name} is ${now.name} in version ${newer.version}, which is another field in version ${older.version}`]
    if (isSame && now.name !== field.name) return [`${field.name} is ${now.name} without a new version`]
    const change = changeOf(field, now, { isSame, olderVersion: older.version })
    return change === undefined ? [] : [`${field.name} ${change} in version ${newer.version}`]
  })
}

function differencesOfAdded({ name, since }: FieldDescription, { version }: SchemaDescription): string[] {
  if ((since ?? 0) > version) return []
  return [`${name} is not in version ${version}, although it is said to be there since ${since ?? 'the first version'}`]
}

/** What self-describing encodings and SBE hold beside the fields. */
function differencesOfRest(older: SchemaDescription, newer: SchemaDescription): string[] {
  const differences: string[] = []
  const identity = ({ sbe }: SchemaDescription) => sbe && [sbe.schemaId, sbe.templateId, sbe.byteOrder, sbe.header]
  if (JSON.stringify(identity(older)) !== JSON.stringify(identity(newer))) differences.push('the SBE header differs')
  const block = changeOfBlock(older.sbe?.blockLength ?? 0, newer.sbe?.blockLength ?? 0, older.version === newer.version)
  if (block !== undefined) differences.push(`the SBE block ${block}`)
  if (older.protobuf?.typeName !== newer.protobuf?.typeName) differences.push('the protobuf type differs')
  return differences
}

interface Versions {
  readonly isSame: boolean
  readonly olderVersion: number
}

/** What changed in a field, as the rest of a sentence. */
function changeOf(before: FieldDescription, now: FieldDescription, versions: Versions): string | undefined {
  if (before.kind !== now.kind) return `was ${before.kind} and is ${now.kind}`
  if (before.offset !== now.offset) return `was at offset ${before.offset} and is at ${now.offset}`
  for (const choice of ['members', 'bits'] as const) {
    const change = changeOfChoices(choiceOf(before, choice), choiceOf(now, choice), versions.isSame)
    if (change !== undefined) return change
  }
  if ('fields' in before && 'fields' in now) {
    const change = changeOfNested(before, now, versions)
    if (change !== undefined) return change
  }
  if (before.kind === 'group' && now.kind === 'group') {
    const change = changeOfBlock(before.blockLength, now.blockLength, versions.isSame)
    if (change !== undefined) return `has a block that ${change}`
  }
  return JSON.stringify(comparable(before)) === JSON.stringify(comparable(now)) ? undefined : 'has other properties'
}

/** A block may be longer than its fields, in a later version also longer than it was: each message says how long it is. */
function changeOfBlock(before: number, now: number, isSame: boolean): string | undefined {
  if (now < before) return 'is shorter'
  return isSame && now > before ? 'is longer without a new version' : undefined
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

type Nesting = Extract<FieldDescription, { readonly fields: unknown }>

/** Items of lists and parts of composites: the same fields with the same names. The block of a group may end with fields of a later version. */
function changeOfNested(before: Nesting, now: Nesting, versions: Versions): string | undefined {
  for (const [field, other] of pairsOf(before.fields, now.fields)) {
    if (field === undefined || other === undefined) {
      const isAdded = other !== undefined && before.kind === 'group' && !isSection(other) && !versions.isSame
      if (isAdded && (other.since ?? 0) > versions.olderVersion) continue
      return `had ${before.fields.length} fields and has ${now.fields.length}`
    }
    if (other.name !== field.name && before.fields.some(({ name }) => name === other.name))
      return `has ${other.name} where ${field.name} was`
    if (versions.isSame && other.name !== field.name) return `calls ${field.name} ${other.name} without a new version`
    const change = changeOf(field, other, versions)
    if (change !== undefined) return `${field.name} ${change}`
  }
  return undefined
}

/** The layout without what was compared before. */
function comparable(field: FieldDescription): unknown {
  return (layoutOf(field) as [string, unknown][]).filter(([fact]) => !['members', 'bits', 'fields', 'blockLength'].includes(fact))
}
