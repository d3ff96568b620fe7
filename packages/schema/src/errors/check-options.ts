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
