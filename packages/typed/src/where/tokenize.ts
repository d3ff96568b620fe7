import { WhereError } from './where-error.js'

export type TokenKind = 'name' | 'number' | 'text' | 'operator' | 'end'

export interface Token {
  readonly kind: TokenKind
  /** What stands in the expression; for texts, what they mean. */
  readonly text: string
  /** Index of its first character. */
  readonly position: number
}

/** Longer expressions are refused: people do not write them, and the time to parse one stays bounded. */
const LENGTH_MAX = 10_000

const SPACE = /\s+/y
const NAME = /[$A-Za-z_][$A-Za-z0-9_]*/y
const NUMBER = /-?(?:\d[\d_]*)(?:\.\d[\d_]*)?(?:[eE][+-]?\d{1,3})?/y
/** Longer ones first. */
const OPERATORS = ['&&', '||', '==', '!=', '<=', '>=', '<', '>', '!', '(', ')', '[', ']', ',', '.']
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', '"': '"', "'": "'" }

/** Splits an expression. The last token is of kind `end`. @throws {@link WhereError} */
export function tokenize(text: string): Token[] {
  if (typeof text !== 'string') throw new WhereError({ text: typeof text, position: 0, detail: 'expected a text' })
  if (text.length > LENGTH_MAX) throw new WhereError({ text, position: LENGTH_MAX, detail: `more than ${LENGTH_MAX} characters` })
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    at += lengthOf(SPACE, text, at)
    if (at >= text.length) break
    const token = textToken(text, at) ?? plainToken(text, at)
    tokens.push(token)
    at = token.end
  }
  return [...tokens, { kind: 'end', text: '', position: text.length }]
}

type Placed = Token & { readonly end: number }

function plainToken(text: string, at: number): Placed {
  for (const [kind, pattern] of [
    ['name', NAME],
    ['number', NUMBER],
  ] as const) {
    const length = lengthOf(pattern, text, at)
    if (length > 0) return { kind, text: text.slice(at, at + length), position: at, end: at + length }
  }
  const operator = OPERATORS.find((one) => text.startsWith(one, at))
  if (operator !== undefined) return { kind: 'operator', text: operator, position: at, end: at + operator.length }
  const detail = text[at] === '=' ? 'equality is ==' : `a character that means nothing here, ${JSON.stringify(text[at])}`
  throw new WhereError({ text, position: at, detail })
}

/** A text in single or double quotes; `undefined` when none begins here. */
function textToken(text: string, at: number): Placed | undefined {
  const quote = text[at]
  if (quote !== '"' && quote !== "'") return undefined
  let value = ''
  for (let index = at + 1; index < text.length; index++) {
    const character = text[index] as string
    if (character === quote) return { kind: 'text', text: value, position: at, end: index + 1 }
    if (character !== '\\') value += character
    else {
      index++
      const escaped = ESCAPES[text[index] ?? '']
      if (escaped === undefined) throw new WhereError({ text, position: index - 1, detail: 'an unknown escape in a text' })
      value += escaped
    }
  }
  throw new WhereError({ text, position: at, detail: 'a text without its closing quote' })
}

function lengthOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0].length ?? 0
}
