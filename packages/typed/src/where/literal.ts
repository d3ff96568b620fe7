/** A value that stands in the expression. */
export type Literal =
  | { readonly kind: 'number'; readonly value: number; readonly exact: Exact }
  | { readonly kind: 'plain'; readonly value: string | boolean | undefined }

/** A decimal number without rounding: `mantissa / 10^scale`. */
export interface Exact {
  readonly mantissa: bigint
  readonly scale: number
}

/** Exponents beyond this say a float and nothing else: their exact value would have thousands of digits. */
const EXPONENT_MAX = 400

/** The literal of a number's text, `undefined` when it is out of range. */
export function numberLiteral(text: string): Literal | undefined {
  const plain = text.replaceAll('_', '')
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(plain) ?? []
  const exponent = Number(exponentText)
  if (whole === '' || Math.abs(exponent) > EXPONENT_MAX) return undefined
  const digits = BigInt(`${whole}${fraction}`)
  const mantissa = sign === '-' ? -digits : digits
  const scale = fraction.length - exponent
  const exact = scale >= 0 ? { mantissa, scale } : { mantissa: mantissa * 10n ** BigInt(-scale), scale: 0 }
  return { kind: 'number', value: Number(plain), exact }
}
