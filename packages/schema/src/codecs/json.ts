import { isUtf8 } from 'node:buffer'
import { CALLBACK, checkOptions } from '../errors/check-options.js'
import { InvalidArgumentError } from '../errors/index.js'
import { checkVersion } from '../message/check-message.js'
import { ValueMessage } from './value-message.js'

/**
 * Defines a type of message that is JSON text in UTF-8. A value that JSON cannot hold (a bigint, a cycle, a function) is `ERR_INVALID_ARGUMENT`. Inside of objects the rules
 * of `JSON.stringify` hold: NaN is null, functions and undefined are left out. The type
 * parameter is what the program expects: JSON itself checks nothing, so `check` can. With `check` instead of a type parameter the name is inferred too, and narrows
 * one of several types: `jsonMessage('Note', 3, { check: (value) => value as { text: string } })`.
 *
 * @param options.version what the record carries, 1 to 255; 1 unless said otherwise
 * @param options.check gets what was parsed and returns it, or throws: then the message is `ERR_BAD_MESSAGE`
 */
export function jsonMessage<T, const Name extends string = string>(
  name: Name,
  typeId: number,
  options: { readonly version?: number; readonly check?: (value: unknown) => T } = {},
): ValueMessage<Name, T> {
  checkOptions(options, { version: true, check: CALLBACK })
  const { version = 1, check } = options
  checkVersion(version)
  return ValueMessage.of(
    { name, typeId, version, encoding: 'json', fields: [] },
    {
      encode: (value) => Buffer.from(stringify(value, name)),
      decode(bytes) {
        if (!isUtf8(bytes)) throw new Error('the bytes are not UTF-8')
        const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
        return check === undefined ? (value as T) : check(value)
      },
    },
  )
}

function stringify(value: unknown, name: string): string {
  const text: string | undefined = JSON.stringify(value)
  if (text === undefined) throw new InvalidArgumentError({ argument: name, value, expected: 'a value that json can hold' })
  return text
}
