import { COMPARE_OPERATORS, type CompareOperator, type Expression, type Operand, type Path } from './expression.js'
import { type Literal, numberLiteral } from './literal.js'
import { type Token, tokenize } from './tokenize.js'
import { WhereError } from './where-error.js'

/** Deeper nesting is refused, so that no text can exhaust the stack. */
const DEPTH_MAX = 100
const INDEX_MAX = 0xffff_ffff
const WORDS: Readonly<Record<string, string>> = { and: '&&', or: '||', not: '!' }
const PLAIN: Readonly<Record<string, boolean | undefined>> = { true: true, false: false, null: undefined }

/**
 * Parses an expression:
 *
 * ```text
 * or       = and { ("||" | "or") and }
 * and      = not { ("&&" | "and") not }
 * not      = ("!" | "not") not | "(" or ")" | test
 * test     = operand [ operator operand | "in" "[" literal { "," literal } "]" ]
 * operator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "contains"
 * operand  = literal | path
 * path     = name { "." name | "[" integer "]" }
 * literal  = number | text | "true" | "false" | "null"
 * ```
 *
 * @throws {@link WhereError}
 */
export function parse(text: string): Expression {
  return new Parser(text).parse()
}

class Parser {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokenize(text)
  }

  parse(): Expression {
    const expression = this.#or()
    if (this.#peek.kind !== 'end') this.#refuse('an operator, && or ||, or the end')
    return expression
  }

  get #peek(): Token {
    return this.#tokens[this.#next] as Token
  }

  /** The operator that comes next, words among them; '' when another token comes next. */
  get #operator(): string {
    const { kind, text } = this.#peek
    if (kind === 'operator' || (kind === 'name' && ['in', 'contains'].includes(text))) return text
    return kind === 'name' && Object.hasOwn(WORDS, text) ? (WORDS[text] as string) : ''
  }

  #take(): Token {
    const token = this.#peek
    this.#next++
    return token
  }

  #or(): Expression {
    let left = this.#and()
    while (this.#operator === '||') {
      this.#take()
      left = { kind: 'or', left, right: this.#and() }
    }
    return left
  }

  #and(): Expression {
    let left = this.#not()
    while (this.#operator === '&&') {
      this.#take()
      left = { kind: 'and', left, right: this.#not() }
    }
    return left
  }

  #not(): Expression {
    if (++this.#depth > DEPTH_MAX) this.#refuse(`at most ${DEPTH_MAX} levels`)
    const expression = this.#unary()
    this.#depth--
    return expression
  }

  #unary(): Expression {
    if (this.#operator === '!') {
      this.#take()
      return { kind: 'not', inner: this.#not() }
    }
    if (this.#operator !== '(') return this.#test()
    this.#take()
    const inner = this.#or()
    this.#expect(')')
    return inner
  }

  #test(): Expression {
    const left = this.#operand()
    const operator = this.#operator
    if (operator === 'in') {
      this.#take()
      return { kind: 'in', left, choices: this.#choices() }
    }
    if (!isCompareOperator(operator)) return { kind: 'truth', operand: left }
    this.#take()
    return { kind: 'compare', operator, left, right: this.#operand() }
  }

  #choices(): Literal[] {
    this.#expect('[')
    const choices = [this.#literal()]
    while (this.#operator === ',') {
      this.#take()
      choices.push(this.#literal())
    }
    this.#expect(']')
    return choices
  }

  #operand(): Operand {
    return this.#peek.kind === 'name' && !Object.hasOwn(PLAIN, this.#peek.text) ? this.#path() : this.#literal()
  }

  #literal(): Literal {
    const { kind, text } = this.#peek
    if (kind === 'text') {
      this.#take()
      return { kind: 'plain', value: text }
    }
    if (kind === 'name' && Object.hasOwn(PLAIN, text)) {
      this.#take()
      return { kind: 'plain', value: PLAIN[text] }
    }
    const literal = kind === 'number' ? numberLiteral(text) : undefined
    if (literal === undefined) return this.#refuse('a field, a number, a text in quotes, true, false or null')
    this.#take()
    return literal
  }

  #path(): Path {
    const first = this.#take()
    if (Object.hasOwn(WORDS, first.text) || ['in', 'contains'].includes(first.text)) {
      this.#next--
      this.#refuse('a field or a value')
    }
    const steps: (string | number)[] = [first.text]
    for (;;) {
      if (this.#operator === '.') {
        this.#take()
        if (this.#peek.kind !== 'name') this.#refuse('the name of a field')
        steps.push(this.#take().text)
      } else if (this.#operator === '[') {
        this.#take()
        steps.push(this.#index())
        this.#expect(']')
      } else return { kind: 'path', steps, position: first.position }
    }
  }

  #index(): number {
    const index = this.#peek.kind === 'number' ? Number(this.#peek.text) : Number.NaN
    if (!(Number.isInteger(index) && index >= 0 && index <= INDEX_MAX)) this.#refuse('an index, 0 is the first')
    this.#take()
    return index
  }

  #expect(operator: string): void {
    if (this.#operator !== operator) this.#refuse(operator)
    this.#take()
  }

  #refuse(expected: string): never {
    throw new WhereError({ text: this.#text, position: this.#peek.position, detail: `expected ${expected}` })
  }
}

function isCompareOperator(text: string): text is CompareOperator {
  return (COMPARE_OPERATORS as readonly string[]).includes(text)
}
