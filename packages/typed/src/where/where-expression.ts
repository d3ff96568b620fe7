import { InvalidArgumentError } from '@chronicle-ts/core'
import { checkMembers } from '@chronicle-ts/core/internal'
import { toJsonSafe } from '@chronicle-ts/schema'
import { compare, PRESENT, type Scalar } from './compare.js'
import type { Expression, Operand } from './expression.js'
import type { Exact, Literal } from './literal.js'
import { lookUp } from './look-up.js'
import { parse } from './parse.js'
import { WhereError } from './where-error.js'

/** What an expression can ask of a message beside its fields. */
export interface WhereHeader {
  readonly sequence: number
  readonly timestampNs: bigint
  readonly typeId: number
  readonly type?: string | undefined
  readonly schemaVersion?: number | undefined
}

/** The largest scale of a decimal field. */
const SCALE_MAX = 18

const HEADER_NAMES = ['$type', '$typeId', '$version', '$sequence', '$timestampNs'] as const

/**
 * A parsed expression over the fields of messages, for tools that get it as text: `bid > 60000 && symbol == "BTC-USD"`. It calls no function and reads nothing but
 * fields. Programs pass a function as `where` instead.
 *
 * - Fields by name, `bids[0].price` and `bids.length` inside of them; `$type`, `$typeId`, `$version`, `$sequence` and `$timestampNs` of the record.
 * - `==  !=  <  <=  >  >=`, `in [1, 2]`, `contains` for texts and flags, `&&  ||  !` or `and  or  not`, parentheses.
 * - Numbers, texts in single or double quotes, `true`, `false`, `null`. Decimals and 64-bit integers are compared exactly.
 * - A field that is absent equals `null`, and is neither less nor greater than anything. A list or an object equals nothing: `bids != null` asks whether it is there.
 */
export class WhereExpression {
  readonly text: string
  /** Names of the fields that it reads, without those inside of them and without `$` names. */
  readonly fields: readonly string[]
  readonly #expression: Expression
  readonly #positions: ReadonlyMap<string, number>

  /** @throws {@link WhereError} with the position of the first character that does not fit */
  constructor(text: string) {
    this.text = text
    this.#expression = parse(text)
    const paths = operandsOf(this.#expression).filter((operand) => operand.kind === 'path')
    this.#positions = new Map(paths.map(({ steps, position }) => [String(steps[0]), position]))
    this.#checkHeaderNames()
    this.fields = [...this.#positions.keys()].filter((name) => !name.startsWith('$'))
  }

  /** Whether a message matches. @throws `ERR_BAD_MESSAGE` when a field that it reads is not valid */
  matches(body: unknown, header: WhereHeader): boolean {
    if (typeof header !== 'object' || header === null)
      throw new InvalidArgumentError({ argument: 'header', value: header, expected: 'what the record says of the message' })
    return isTrue(this.#expression, body, header)
  }

  /** @throws {@link WhereError} for a field that none of these names is, with the nearest of them */
  checkFields(known: ReadonlySet<string>): void {
    checkMembers('known', known, ['has', 'size'], 'a set of names')
    const unknown = this.fields.find((name) => !known.has(name))
    if (unknown === undefined) return
    const names = [...known].sort()
    const detail = `no type has a field ${unknown}; there are ${names.join(', ')}`
    throw new WhereError({ text: this.text, position: this.#positions.get(unknown) ?? 0, detail })
  }

  #checkHeaderNames(): void {
    for (const [name, position] of this.#positions) {
      if (name.startsWith('$') && !(HEADER_NAMES as readonly string[]).includes(name))
        throw new WhereError({ text: this.text, position, detail: `${name} is unknown; there are ${HEADER_NAMES.join(', ')}` })
    }
  }
}

function isTrue(expression: Expression, body: unknown, header: WhereHeader): boolean {
  switch (expression.kind) {
    case 'or':
      return isTrue(expression.left, body, header) || isTrue(expression.right, body, header)
    case 'and':
      return isTrue(expression.left, body, header) && isTrue(expression.right, body, header)
    case 'not':
      return !isTrue(expression.inner, body, header)
    case 'truth':
      return operandValue(expression.operand, body, header) === true
    case 'in': {
      const left = scalarOperand(expression.left, body, header)
      return expression.choices.some((choice) => compare('==', left, literalValue(choice)))
    }
    case 'compare':
      return compareOperands(expression, body, header)
  }
}

function compareOperands(
  { operator, left, right }: Extract<Expression, { kind: 'compare' }>,
  body: unknown,
  header: WhereHeader,
): boolean {
  const a = operandValue(left, body, header)
  const b = scalarOperand(right, body, header)
  const names = operator === 'contains' && left.kind === 'path' ? elementsOf(a) : undefined
  if (names !== undefined) return names.some((name) => compare('==', scalarOf(name), b))
  return compare(operator, left.kind === 'path' ? scalarOf(a) : literalValue(left), b)
}

function scalarOperand(operand: Operand, body: unknown, header: WhereHeader): Scalar {
  return operand.kind === 'path' ? scalarOf(operandValue(operand, body, header)) : literalValue(operand)
}

function operandValue(operand: Operand, body: unknown, header: WhereHeader): unknown {
  if (operand.kind !== 'path') return literalValue(operand)
  const [first, ...rest] = operand.steps
  let value = String(first).startsWith('$') ? headerValue(String(first), header) : lookUp(body, first as string)
  for (const step of rest) value = lookUp(value, step)
  return value
}

function headerValue(name: string, { type, typeId, schemaVersion, sequence, timestampNs }: WhereHeader): unknown {
  const values = { $type: type, $typeId: typeId, $version: schemaVersion, $sequence: sequence, $timestampNs: timestampNs }
  return values[name as (typeof HEADER_NAMES)[number]]
}

function literalValue(literal: Literal): Scalar {
  return literal.kind === 'number' ? literal : literal.value
}

/** Elements of arrays, and the names of flags. */
function elementsOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value
  if (typeof value !== 'object' || value === null) return undefined
  if ('names' in value && typeof value.names === 'function') return value.names() as unknown[]
  return ArrayBuffer.isView(value) && 'length' in value ? Array.from(value as unknown as ArrayLike<unknown>) : undefined
}

/** What can be compared of a value: of objects, decimals only. */
function scalarOf(value: unknown): Scalar {
  if (value === null) return undefined
  if (typeof value !== 'object') return typeof value === 'symbol' || typeof value === 'function' ? undefined : (value as Scalar)
  // As tools show it.
  if (value instanceof Date) return toJsonSafe(value) as string
  return isDecimal(value) ? value : PRESENT
}

/** Other objects can have fields of these names, too: what they hold is checked before it is calculated with. */
function isDecimal(value: object): value is Exact {
  if (!('mantissa' in value && 'scale' in value)) return false
  const { mantissa, scale } = value
  return typeof mantissa === 'bigint' && Number.isInteger(scale) && (scale as number) >= 0 && (scale as number) <= SCALE_MAX
}

function operandsOf(expression: Expression): Operand[] {
  switch (expression.kind) {
    case 'or':
    case 'and':
      return [...operandsOf(expression.left), ...operandsOf(expression.right)]
    case 'not':
      return operandsOf(expression.inner)
    case 'truth':
      return [expression.operand]
    case 'in':
      return [expression.left]
    case 'compare':
      return [expression.left, expression.right]
  }
}
