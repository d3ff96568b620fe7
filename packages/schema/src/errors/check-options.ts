import { InvalidArgumentError } from './errors.js'

/**
 * Checks that options are an object without unknown names: a misspelt one, or all of what is in a `Map`, would be left out silently.
 *
 * @throws {@link InvalidArgumentError}
 */
export function checkOptions<Options extends object>(options: Options, names: Readonly<Record<keyof Options, true>>): void {
  if (Object.prototype.toString.call(options) !== '[object Object]')
    throw new InvalidArgumentError({ argument: 'options', value: options, expected: 'an object' })
  for (const name in options) {
    if (names[name] === true || options[name] === undefined) continue
    throw new InvalidArgumentError({ argument: name, value: options[name], expected: `one of ${Object.keys(names).join(', ')}` })
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
