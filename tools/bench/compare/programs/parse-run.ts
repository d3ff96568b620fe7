/** A length and a number of messages, as in `64:1000`. */
export function parseRun(text: string): { readonly length: number; readonly count: number } {
  const [length = Number.NaN, count = Number.NaN] = text.split(':').map(Number)
  return { length, count }
}
