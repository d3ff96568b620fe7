/**
 * Text from files is data, and a terminal obeys what it is shown. Every control character, and every code point that reorders text, is shown as an escape, so that a payload
 * cannot move the cursor, set a title or hide itself.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escapeCharacter)
}

/** The same, with line feeds and tabs left as they are. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (character) =>
    character === '\n' || character === '\t' ? character : escapeCharacter(character),
  )
}

/**
 * The same for a line that is complete: escapes that JSON understands, too, for what JSON lets stand and a terminal obeys. Our own colours and what belongs
 * into a line pass.
 */
export function harmless(line: string): string {
  return line.replace(OBEYED, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)
}

const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}\ufeff]/gu
const OBEYED = /[\u007f-\u009f\p{Zl}\p{Zp}\p{Bidi_C}\ufeff]/gu

function escapeCharacter(character: string): string {
  if (character === '\n') return '\\n'
  if (character === '\r') return '\\r'
  if (character === '\t') return '\\t'
  const code = character.codePointAt(0) ?? 0
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}
