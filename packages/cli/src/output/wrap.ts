import { textWidth } from './text-width.js'

/** Breaks text at blanks into lines of at most `width` characters; one line where no width is given. Words that are longer stay whole. */
export function wrapText(text: string, width: number | undefined): string[] {
  if (width === undefined || textWidth(text) <= width) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  lines.push(line)
  return lines
}
