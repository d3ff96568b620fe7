/** Named uses of colour; without colour every function returns its text as it is. */
export interface Palette {
  readonly heading: (text: string) => string
  readonly good: (text: string) => string
  readonly warning: (text: string) => string
  readonly critical: (text: string) => string
  readonly faint: (text: string) => string
}

const PLAIN: Palette = { heading: same, good: same, warning: same, critical: same, faint: same }

const COLOURED: Palette = {
  heading: (text) => `\u001b[1m${text}\u001b[0m`,
  good: (text) => `\u001b[32m${text}\u001b[0m`,
  warning: (text) => `\u001b[33m${text}\u001b[0m`,
  critical: (text) => `\u001b[31m${text}\u001b[0m`,
  faint: (text) => `\u001b[2m${text}\u001b[0m`,
}

export function createPalette(coloured: boolean): Palette {
  return coloured ? COLOURED : PLAIN
}

/** Colour only on a terminal that can show it, and never against the user's wish (https://no-color.org). */
export function wantsColour(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  const refused = environment['NO_COLOR'] !== undefined && environment['NO_COLOR'] !== ''
  return stream.isTTY === true && !refused && environment['TERM'] !== 'dumb'
}

function same(text: string): string {
  return text
}
