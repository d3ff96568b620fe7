import { type AppendOptions, InvalidArgumentError } from '@chronicle-ts/core'
import { checkObject, PreparedOptions } from '@chronicle-ts/core/internal'
import type { AnyMessageType, InPlaceMessageType, MessageEncoder, MessageWriter } from '@chronicle-ts/schema'

/** Versions that a record's flags can hold. */
const VERSION_MAX = 255

const NO_BYTES = new Uint8Array(0)

/** What a writer holds per type: made once, so that a write looks it up and allocates nothing. */
export class WriteEntry {
  readonly type: AnyMessageType
  readonly typeId: number
  /** `undefined` for types that are encoded as a whole. */
  readonly writer: MessageWriter | undefined
  readonly encoder: MessageEncoder | undefined
  /** Bytes of payload of a message without variable parts; most types have no others. */
  readonly shortestLength: number
  /** What every record of this type carries. */
  readonly details: AppendOptions | undefined
  /** The beginning of the scratch memory, as long as the last message of this type was: most types have one length. */
  bytes = NO_BYTES
  /** Their number, which the engine would compute again each time. */
  bytesLength = -1

  constructor(type: AnyMessageType, hasExtensions: boolean) {
    this.type = type
    this.typeId = type.typeId
    this.writer = isInPlace(type) ? type.writer() : undefined
    this.shortestLength = this.writer?.length() ?? 0
    this.encoder = isInPlace(type) ? type.encoder() : undefined
    this.details = versionDetails(type, hasExtensions)
  }

  /** The details of one message: a copy, because options may run code of the program, which may write, and must not while a message is in the writer's memory. */
  detailsWith(options: AppendOptions | undefined): AppendOptions | undefined {
    if (options === undefined) return this.details
    checkObject(options)
    const own: AppendOptions = { ...options }
    if (own.schemaVersion !== undefined)
      throw new InvalidArgumentError({
        argument: 'schemaVersion',
        value: own.schemaVersion,
        expected: 'the version of the type, which the writer stores by itself',
      })
    const { details } = this
    return details?.schemaVersion === undefined ? own : { ...own, schemaVersion: details.schemaVersion }
  }
}

function isInPlace(type: AnyMessageType): type is InPlaceMessageType {
  return 'writer' in type && typeof type.writer === 'function'
}

/** SBE says its version in the payload, where it may be 0 or longer than eight bits; then the record says none. */
function versionDetails(type: AnyMessageType, hasExtensions: boolean): AppendOptions | undefined {
  const { version, encoding } = type
  if (encoding === 'sbe' && (version === 0 || version > VERSION_MAX)) return undefined
  if (hasExtensions) return new PreparedOptions(version)
  if (version === 1 || encoding === 'sbe') return undefined
  throw new InvalidArgumentError({
    argument: 'extensions',
    value: false,
    expected: `true for ${type.name} in version ${version}: records of the base format have no room for a version and read as version 1`,
  })
}
