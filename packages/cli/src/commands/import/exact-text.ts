import { RECORD_SCHEMA_VERSION_MAX, RECORD_TYPE_ID_MAX } from '@chronicle-ts/core/internal'

const TIMESTAMP_NS_MAX = 0xffff_ffff_ffff_ffffn

/** The bytes of base64 text as encoders write it; `undefined` for any other text, of which decoders would make something else. */
export function exactBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** The bytes of text as UTF-8; `undefined` when it holds half of a surrogate pair, which UTF-8 cannot express. */
export function exactUtf8(text: string): Buffer | undefined {
  return LONE_SURROGATE.test(text) ? undefined : Buffer.from(text)
}

/** Nanoseconds since 1970 from digits, or from a JSON number that is exact; `undefined` for everything else. */
export function exactTimestampNs(value: unknown): bigint | undefined {
  const isExact = typeof value === 'string' ? /^\d{1,20}$/.test(value) : Number.isSafeInteger(value) && (value as number) >= 0
  if (!isExact) return undefined
  const timestampNs = BigInt(value as string | number)
  return timestampNs <= TIMESTAMP_NS_MAX ? timestampNs : undefined
}

/** A type id from 0 to 65534; `undefined` for everything else. */
export function exactTypeId(value: unknown): number | undefined {
  return exactNumber(value, RECORD_TYPE_ID_MAX)
}

/** The version of a schema from 0 to 255; `undefined` for everything else. */
export function exactSchemaVersion(value: unknown): number | undefined {
  return exactNumber(value, RECORD_SCHEMA_VERSION_MAX)
}

function exactNumber(value: unknown, max: number): number | undefined {
  const number = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value
  return Number.isInteger(number) && (number as number) >= 0 && (number as number) <= max ? (number as number) : undefined
}

const LONE_SURROGATE = /\p{Surrogate}/u
