/** The comments of a source as a document whose sentences `sentences.mjs` finds, with the same lines. */

/** A string literal, which is skipped so that nothing in it begins a comment; a comment over lines; comments to the ends of lines that follow each other. */
const LITERAL_OR_COMMENT =
  /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|(\/\*[\s\S]*?\*\/)|((?:(?<=^|[\s;{}(,])\/\/[^\n]*(?:\n[ \t]*(?=\/\/))?)+)/g
/** What a tool reads and no person. */
const DIRECTIVE = /^\s*(?:biome-ignore|@ts-|eslint-|NOLINT|#region|clang-format|prettier-|v8 ignore|c8 ignore)/
/** A line that separates parts of a file. */
const SEPARATOR = /^\s*-- .* -+\s*$|^\s*[-=*]{4,}\s*$/
/** A line that is drawn: boxes, arrows, columns. */
const DRAWING = /\S {3,}\S|\+-{2,}|-{2,}[>+]|[─│┌└├▼▲►◄]/
/** A tag begins a sentence of its own, and is not a word of it. */
const TAG =
  /^\s*@(?:param\s+(?:\{[^}]*\}\s+)?[\w.[\]=]+|throws|returns?|typedef|property|type|see|default(?:Value)?|internal|example|template|deprecated)\b/

/**
 * @param {string} source
 * @returns {string}
 */
export function commentsOf(source) {
  let document = ''
  let end = 0
  for (const { 0: text, 1: block, 2: lines, index } of source.matchAll(LITERAL_OR_COMMENT)) {
    document += newlinesOf(source.slice(end, index))
    // A paragraph of its own: what stands in front of it in the line is not part of it.
    document += block === undefined && lines === undefined ? newlinesOf(text) : proseOf(text)
    end = index + text.length
  }
  return document + newlinesOf(source.slice(end))
}

/** @param {string} comment */
function proseOf(comment) {
  let isTagged = false
  return comment
    .split('\n')
    .map((line) => {
      const prose = proseOfLine(line.replace(/^\s*(?:\/\*\*?|\*\/|\*|\/\/\/?)/, '').replace(/\*\/\s*$/, ''))
      isTagged = TAG.test(prose) || (isTagged && prose.trim() !== '')
      // What a tag lists, such as the errors that a call throws, are items.
      return isTagged ? prose.replace(TAG, '- ').replace(/;(?=\s|$)/g, '.') : prose
    })
    .join('\n')
}

/** @param {string} line */
function proseOfLine(line) {
  if (DIRECTIVE.test(line) || SEPARATOR.test(line) || (DRAWING.test(line) && !line.includes('|'))) return ''
  return line.replace(/\{@link\s+([^}|]*)(?:\|[^}]*)?\}/g, '`$1`').replace(/^\s*#/, '')
}

/** @param {string} text */
function newlinesOf(text) {
  return text.replace(/[^\n]/g, '')
}
