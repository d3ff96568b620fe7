import { InvalidArgumentError } from '../errors/index.js'
import { isDetached } from '../flyweight/numeric-view.js'
import type { FieldDescription } from '../spec/field-spec.js'

/** The largest typeId; 65535 is the queue's own. */
const MAX_TYPE_ID = 0xfffe
/** The record holds the version in eight bits; 0 says that there is none. */
const MAX_VERSION = 255

export function checkName(name: unknown): void {
  if (typeof name !== 'string' || !/^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/.test(name))
    throw new InvalidArgumentError({ argument: 'name', value: name, expected: 'a name of letters, digits, "_", "." and "-"' })
}

export function checkTypeId(typeId: unknown): void {
  if (!Number.isInteger(typeId) || (typeId as number) < 0 || (typeId as number) > MAX_TYPE_ID)
    throw new InvalidArgumentError({ argument: 'typeId', value: typeId, expected: `an integer of 0 to ${MAX_TYPE_ID}` })
}

export function checkVersion(
  version: unknown,
  { lowest = 1, highest = MAX_VERSION }: { lowest?: number; highest?: number } = {},
): void {
  if (!Number.isInteger(version) || (version as number) < lowest || (version as number) > highest)
    throw new InvalidArgumentError({ argument: 'version', value: version, expected: `an integer of ${lowest} to ${highest}` })
}

const KEY_KINDS = new Set(['bool', 'enum', 'text', 'timestampNs', 'u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64'])

/** Checks the version that a record says; 0 is one that its writer did not say. @throws `ERR_INVALID_ARGUMENT` */
export function checkRecordVersion(version: unknown): void {
  if (version === undefined || (Number.isInteger(version) && (version as number) >= 0 && (version as number) <= 255)) return
  throw new InvalidArgumentError({ argument: 'version', value: version, expected: 'a version from 0 to 255' })
}

/** Refuses a key that is not a field whose value can be compared. */
export function checkKey(fields: readonly FieldDescription[], key: unknown, type: string): void {
  const field = fields.find(({ name }) => name === key)
  if (field === undefined || !KEY_KINDS.has(field.kind))
    throw new InvalidArgumentError({
      argument: `${type}: key`,
      value: key,
      expected: 'the name of an integer, a boolean, an enum or a text of a fixed length',
    })
}

/** Refuses what is not a list of message types. */
export function checkTypeList(types: unknown): void {
  if (!Array.isArray(types) || !types.every((type) => typeof type === 'object' && type !== null && 'description' in type))
    throw new InvalidArgumentError({ argument: 'types', value: types, expected: 'an array of message types' })
}

/** Whether a range lies inside of the view. Small, because every message asks. */
function isRangeWithin(view: DataView, offset: number, length: number): boolean {
  return Number.isInteger(offset) && Number.isInteger(length) && offset >= 0 && length >= 0 && offset + length <= view.byteLength
}

/** Refuses a range that is not inside of the view. */
export function checkRange(type: string, view: DataView, offset: number, length: number): void {
  if (!(view instanceof DataView && isReadable(view)))
    throw new InvalidArgumentError({ argument: `${type}: view`, value: view, expected: 'a DataView over memory that is there' })
  if (!isRangeWithin(view, offset, length))
    throw new InvalidArgumentError({
      argument: `${type}: offset`,
      value: typeof offset === 'number' ? `${offset}+${length}` : offset,
      expected: `a range within ${view.byteLength} bytes`,
    })
}

/** Not when the memory was transferred to another thread, or shrank. */
function isReadable(view: DataView): boolean {
  try {
    return view.byteLength >= 0
  } catch {
    return false
  }
}

/** A view of bytes that another object holds. */
export function viewOf(bytes: Uint8Array, type: string): DataView {
  if (!(bytes instanceof Uint8Array) || isDetached(bytes))
    throw new InvalidArgumentError({ argument: `${type}: bytes`, value: bytes, expected: 'a Uint8Array that is not detached' })
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
