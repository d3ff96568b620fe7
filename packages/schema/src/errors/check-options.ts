import { InvalidArgumentError } from './errors.js'

/** What the value of an option may be, besides `undefined`. */
export interface OptionKind {
  readonly expected: string
  accepts(value: unknown): boolean
}

export const FLAG: OptionKind = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' }
export const CALLBACK: OptionKind = { expected: 'a function', accepts: (value) => typeof value === 'function' }
export const TEXT: OptionKind = { expected: 'a text', accepts: (value) => typeof value === 'string' }

/**
 * Checks that options are an object without unknown names: a misspelt one, or all of what is in a `Map`, would be left out silently. Then the values of those whose kind is given.
 *
 * @throws {@link InvalidArgumentError}
 */
export function checkOptions<Options extends object>(
  options: Options,
  names: Readonly<Record<keyof Options, true | OptionKind>>,
): void {
  if (Object.prototype.toString.call(options) !== '[object Object]')
    throw new InvalidArgumentError({ argument: 'options', value: options, expected: 'an object' })
  for (const name in options) {
    const value = options[name]
    const kind = Object.hasOwn(names, name) ? names[name] : undefined
    if (value === undefined || kind === true || kind?.accepts(value)) continue
    throw new InvalidArgumentError({
      argument: name,
      value,
      expected: kind?.expected ?? `one of ${Object.keys(names).join(', ')}`,
    })
  }
}

/**
 * Checks that an argument is an object with these members. Anything else would fail later, without a code and without the argument's name.
 *
 * @throws {@link InvalidArgumentError}
 */
export function checkMembers(argument: string, value: unknown, members: readonly string[], expected: string): void {
  const isObject = typeof value === 'object' && value !== null
  if (!isObject || !members.every((name) => name in value)) throw new InvalidArgumentError({ argument, value, expected })
}
