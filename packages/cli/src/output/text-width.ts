/**
 * How wide terminals draw text: CJK and emoji take two columns, marks that combine with the character before them none. The ranges are those of East Asian Width W and F (Unicode 16, UAX #11) that
 * names and payloads hold; docs/decisions/0016-text-width.md says why they stand here.
 */
const WIDE: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x23e9, 0x23ec],
  [0x25fd, 0x25fe],
  [0x2614, 0x2615],
  [0x2648, 0x2653],
  [0x26a1, 0x26a1],
  [0x26bd, 0x26be],
  [0x2705, 0x2705],
  [0x270a, 0x270b],
  [0x2728, 0x2728],
  [0x274c, 0x274e],
  [0x2753, 0x2757],
  [0x2795, 0x2797],
  [0x2b1b, 0x2b1c],
  [0x2b50, 0x2b55],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x1b2fb],
  [0x1f004, 0x1f004],
  [0x1f0cf, 0x1f0cf],
  [0x1f18e, 0x1f19a],
  [0x1f200, 0x1f320],
  [0x1f32d, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f7e0, 0x1f7f0],
  [0x1f90c, 0x1faff],
  [0x20000, 0x3fffd],
]

const PLAIN = /^[\x20-\x7e]*$/
let segmenter: Intl.Segmenter | undefined

/** Columns that a text takes. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemesOf(text)) width += graphemeWidth(segment)
  return width
}

/** Cuts text to a width; what is gone is shown by an ellipsis, at the end, at the start or, for names whose ends differ, in the middle. */
export function cutText(text: string, width: number, where: 'start' | 'middle' | 'end' = 'end'): string {
  if (textWidth(text) <= width) return text
  if (width <= 1) return width === 1 ? '…' : ''
  const room = width - 1
  if (where === 'end') return `${beginOf(text, room)}…`
  if (where === 'start') return `…${endOf(text, room)}`
  const left = Math.ceil(room / 2)
  const end = endOf(text, room - left)
  return `${beginOf(text, left)}…${end}`
}

/** Fills text up to a width with blanks. */
export function padText(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - textWidth(text)))
  return align === 'left' ? text + blanks : blanks + text
}

/** The characters as people count them. The segmenter is made at the first text that needs one: making it takes 9 ms, a fifteenth of a short command. */
function graphemesOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return segmenter.segment(text)
}

function beginOf(text: string, width: number): string {
  let used = 0
  let begin = ''
  for (const { segment } of graphemesOf(text)) {
    used += graphemeWidth(segment)
    if (used > width) break
    begin += segment
  }
  return begin
}

function endOf(text: string, width: number): string {
  let used = 0
  let end = ''
  for (const { segment } of [...graphemesOf(text)].reverse()) {
    used += graphemeWidth(segment)
    if (used > width) break
    end = segment + end
  }
  return end
}

/** Of one character as people count them. */
function graphemeWidth(grapheme: string): number {
  const code = grapheme.codePointAt(0) ?? 0
  if (/^[\p{Mark}\p{Cf}]/u.test(grapheme)) return 0
  // U+FE0F asks for the picture of a character that has one.
  return grapheme.includes('\ufe0f') || isWide(code) ? 2 : 1
}

function isWide(code: number): boolean {
  return code >= 0x1100 && WIDE.some(([first, last]) => code >= first && code <= last)
}
