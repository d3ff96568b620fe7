import { CALLBACK, checkOptions } from '../errors/check-options.js'
import { checkVersion } from '../message/check-message.js'
import { requirePeer } from './peer.js'
import { ValueMessage } from './value-message.js'

interface Packr {
  pack(value: unknown): Uint8Array
  unpack(bytes: Uint8Array): unknown
}

/**
 * Every message describes itself (no records that later ones refer to), and maps are objects and take no more bytes than they need. Binary data is copied, and 64-bit integers
 * are numbers as long as a number holds them exactly.
 */
const OPTIONS = { useRecords: false, mapsAsObjects: true, variableMapSize: true, copyBuffers: true, int64AsType: 'auto' } as const

/**
 * Defines a type of message in MessagePack, by the optional dependency msgpackr.
 *
 * @param options.version what the record carries, 1 to 255; 1 unless said otherwise
 * @param options.check gets what was decoded and returns it, or throws: then the message is `ERR_BAD_MESSAGE`
 * @throws `ERR_INVALID_ARGUMENT` when msgpackr is not installed
 */
export function msgpackMessage<T, const Name extends string = string>(
  name: Name,
  typeId: number,
  options: { readonly version?: number; readonly check?: (value: unknown) => T } = {},
): ValueMessage<Name, T> {
  checkOptions(options, { version: true, check: CALLBACK })
  const { version = 1, check } = options
  checkVersion(version)
  const { Packr } = requirePeer<{ Packr: new (options: object) => Packr }>('msgpackr')
  const packr = new Packr(OPTIONS)
  return ValueMessage.of(
    { name, typeId, version, encoding: 'msgpack', fields: [] },
    {
      // The library packs into a buffer that it uses again.
      encode: (value) => Uint8Array.prototype.slice.call(packr.pack(value)),
      decode(bytes) {
        const value = packr.unpack(bytes)
        return check === undefined ? (value as T) : check(value)
      },
    },
  )
}
