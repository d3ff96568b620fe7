import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What plain JavaScript may pass in the place of any argument, and the public calls that are tried with it. */

/** What the garbage throws by itself: its error is not one of the library's. */
export const OWN_ERROR = new Error('of the garbage')

function throwOwn(): never {
  throw OWN_ERROR
}

export const GARBAGE: Readonly<Record<string, unknown>> = {
  ...{
    undefined: undefined,
    null: null,
    notANumber: Number.NaN,
    negative: -1,
    fraction: 1.5,
    empty: '',
    text: 'text\0',
    true: true,
  },
  ...{ symbol: Symbol('garbage'), bigint: -5n, array: [], arrayOfNull: [null], object: Object.freeze({}), function: () => 1 },
  nullPrototype: Object.create(null),
  promise: Promise.resolve(1),
  getter: Object.defineProperty({}, 'anything', { enumerable: true, get: throwOwn }),
  proxy: new Proxy(
    {},
    { get: throwOwn, has: throwOwn, ownKeys: throwOwn, getPrototypeOf: throwOwn, getOwnPropertyDescriptor: throwOwn },
  ),
}

/** `answered`, or the error; what a call opens is closed. */
export async function endOf(call: () => unknown): Promise<unknown> {
  try {
    const opened = (await call()) as Record<'close' | 'destroy' | 'return', (() => unknown) | undefined> | undefined
    await (opened?.return ?? opened?.close)?.call(opened)
    opened?.destroy?.()
    return 'answered'
  } catch (error) {
    return error
  }
}

/** Whether a valid argument stands for options, which may be left out: an empty object. */
export function isOptions(argument: unknown): boolean {
  return typeof argument === 'object' && argument !== null && Object.keys(argument).length === 0
}

interface Line {
  /** The package. */
  readonly name: string
  /** The class, unless it is one of errors. */
  readonly inside: string | undefined
  readonly text: string
}

const reports = fileURLToPath(new URL('../docs/api', import.meta.url))

/** The declarations of the API reports. */
function* declarations(): Generator<Line> {
  for (const file of readdirSync(reports).filter((name) => !/^(?:native|cli)/.test(name))) {
    let inside: string | undefined
    for (const text of readFileSync(`${reports}/${file}`, 'utf8').split('\n')) {
      const [, kind, declared] = /^ {2}export declare (?:abstract )?(class|function|\w+) (\w+)/.exec(text) ?? []
      if (kind !== undefined) inside = kind === 'class' && !/Error\b/.test(declared ?? '') ? declared : undefined
      yield { name: file.replace('.txt', ''), inside, text }
    }
  }
}

/** Functions and classes with a public constructor and arguments. */
export function publicCalls(): string[] {
  const found = new Set<string>()
  for (const { name, inside, text } of declarations()) {
    const [, declared] = /^ {2}export declare function (\w+)(?:<.*?>)?\((?!\))/.exec(text) ?? []
    if (declared !== undefined) found.add(`${name}.${declared}`)
    if (inside !== undefined && /^ {6}constructor\((?!\))/.test(text)) found.add(`${name}.${inside}`)
  }
  return [...found]
}

/** Methods with arguments. */
export function publicMethods(): string[] {
  const found = new Set<string>()
  for (const { name, inside, text } of declarations()) {
    const [, method] = /^ {6}(?:static )?(\w+)(?:<.*?>)?\((?!\))/.exec(text) ?? []
    if (inside !== undefined && method !== undefined && method !== 'constructor') found.add(`${name}.${inside}.${method}`)
  }
  return [...found]
}
