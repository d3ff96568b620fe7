import { InvalidArgumentError } from '../errors/index.js'
import { CALLBACK, FLAG, type OptionKind, TIME_LIMIT } from './option-kinds.js'

/** The names of a group of options, each with what its value may be, or `true` where its reader checks that. The compiler compares them with the type, so that none is forgotten. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true | OptionKind>>

/**
 * Checks that options are an object without unknown names and without values of another kind. Allocates nothing: calls on hot paths take options, too.
 *
 * @param group the option that holds these, for the error; absent for the options themselves.
 * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`.
 */
export function checkOptions<Options extends object>(options: Options, names: OptionNames<Options>, group?: string): void {
  let hasOption = false
  if (typeof options === 'object' && options !== null)
    for (const name in options) {
      if (names[name] !== true) checkValue(options, name, names, group)
      hasOption = true
    }
  if (!hasOption) checkObject(options, group)
}

function checkValue<Options extends object>(
  options: Options,
  name: keyof Options & string,
  names: OptionNames<Options>,
  group: string | undefined,
): void {
  // A name that every object has, such as `toString`, is an unknown one, too.
  if (!Object.hasOwn(names, name)) checkOptionNames(options, Object.keys(names), group)
  else {
    const kind = names[name] as OptionKind
    const value = options[name]
    if (value === undefined || kind.accepts(value)) return
    throw new InvalidArgumentError({ argument: argumentOf(name, group), value, expected: kind.expected })
  }
}

function checkKind(argument: string, value: unknown, { expected, accepts }: OptionKind): void {
  if (!accepts(value)) throw new InvalidArgumentError({ argument, value, expected })
}

function argumentOf(name: string, group: string | undefined): string {
  return group === undefined ? name : `${group}.${name}`
}

/**
 * Checks that options are an object, before they are copied or taken apart. A `Map`, a promise or an `AbortSignal` has no options, and would pass as an object without any: what its caller wanted
 * would be left out silently. The name of the class distinguishes them, also in another realm, as test runners make one.
 *
 * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`.
 */
export function checkObject(options: unknown, group = 'options'): void {
  const isObject = typeof options === 'object' && options !== null
  if (!isObject || Object.prototype.toString.call(options) !== '[object Object]')
    throw new InvalidArgumentError({ argument: group, value: options, expected: 'an object' })
}

/**
 * Checks that an argument is an object with these members. Anything else, as plain JavaScript may pass, would fail later, without a code and without the argument's name.
 *
 * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`.
 */
export function checkMembers(argument: string, value: unknown, members: readonly string[], expected: string): void {
  const isObject = typeof value === 'object' && value !== null
  if (!isObject || !members.every((name) => name in value)) throw new InvalidArgumentError({ argument, value, expected })
}

/** {@link checkMembers} of each element of an array. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
export function checkArrayOf(argument: string, value: unknown, members: readonly string[], expected: string): void {
  if (!Array.isArray(value)) throw new InvalidArgumentError({ argument, value, expected: `an array: ${expected} each` })
  for (const [index, one] of value.entries()) checkMembers(`${argument}[${index}]`, one, members, expected)
}

/** Checks an argument that is a callback. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
export function checkFunction(argument: string, value: unknown): void {
  checkKind(argument, value, CALLBACK)
}

/** Checks an argument that is a time or a span of it. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
export function checkMilliseconds(argument: string, value: unknown): void {
  checkKind(argument, value, TIME_LIMIT)
}

/** Checks an option that is either on or off. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
export function checkFlag(argument: string, value: unknown): void {
  if (value !== undefined) checkKind(argument, value, FLAG)
}

/** Checks the option of that name. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return
  const isSignal = typeof signal === 'object' && signal !== null && 'aborted' in signal && 'addEventListener' in signal
  if (!isSignal) throw new InvalidArgumentError({ argument: 'signal', value: signal, expected: 'an AbortSignal' })
}

/**
 * Refuses an option that does not exist. A misspelt option would otherwise be left out silently, which TypeScript notices and plain JavaScript does not.
 *
 * @param group the option that holds these, for the error: `retention`; absent for the options themselves.
 * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` naming the option and the known one that is nearest.
 */
export function checkOptionNames(options: object, known: readonly string[], group?: string): void {
  checkObject(options, group)
  for (const name in options) {
    if (known.includes(name)) continue
    const value = (options as Record<string, unknown>)[name]
    if (value === undefined) continue
    const argument = argumentOf(name, group)
    throw new InvalidArgumentError({ argument, value, expected: `an option that exists; the nearest is ${nearest(name, known)}` })
  }
}

/** The known name to which the fewest letters have to be changed, added or left out. */
function nearest(name: string, known: readonly string[]): string {
  const distances = known.map((candidate) => distance(name.toLowerCase(), candidate.toLowerCase()))
  return known[distances.indexOf(Math.min(...distances))] ?? 'none'
}

/** Levenshtein's, one row at a time. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const changed = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
