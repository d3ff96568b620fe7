/**
 * The sentences of a Markdown document, and how many words each has. Headings, code blocks and raw comments are none; an item of a list and a cell of a table begin a sentence of their own.
 */

/** A fenced block, a raw comment, and a list that another program writes. */
const NOT_PROSE = /^ *(```|~~~)[\s\S]*?^ *\1|<!--[\s\S]*?-->/gm
const GENERATED = /<!-- [^>]*?begin[^>]*-->[\s\S]*?<!-- [^>]*?end -->/g
/** Lines that begin a paragraph of their own. */
const BEGINS = /^\s*(?:[-*+] |\d+\. |> |\||#{1,6} )/
/** The end of a sentence, with what may close after it. Three points end none. */
const END = /(?<=(?<!\.\.)[.?!][)\]"*_]*)\s+/
/** Abbreviations whose point ends no sentence. */
const ABBREVIATION = /\b(?:e\.g|i\.e|vs|etc)\.$/

/**
 * @param {string} document
 * @returns {{ line: number, words: number, text: string }[]} `line` is where the paragraph of the sentence begins
 */
export function sentencesOf(document) {
  const blank = (/** @type {string} */ part) => part.replace(/[^\n]/g, '')
  const prose = document.replace(GENERATED, blank).replace(NOT_PROSE, blank)
  return paragraphsOf(prose).flatMap(({ line, text }) =>
    split(text).map((sentence) => ({ line, words: countWords(sentence), text: sentence })),
  )
}

/** @param {string} prose */
function paragraphsOf(prose) {
  /** @type {{ line: number, text: string }[]} */
  const paragraphs = []
  let open = false
  prose.split('\n').forEach((line, index) => {
    const text = line.trim()
    if (text === '' || text.startsWith('#')) {
      open = false
    } else if (text.startsWith('|')) {
      for (const cell of text.split(/(?<!\\)\|/)) paragraphs.push({ line: index + 1, text: cell.trim() })
      open = false
    } else if (!open || BEGINS.test(line)) {
      paragraphs.push({ line: index + 1, text })
      open = true
    } else {
      const last = paragraphs[paragraphs.length - 1]
      if (last) last.text += ` ${text}`
    }
  })
  return paragraphs
}

/** @param {string} paragraph */
function split(paragraph) {
  /** @type {string[]} */
  const sentences = []
  for (const part of paragraph.split(END)) {
    const last = sentences.length - 1
    if (last >= 0 && ABBREVIATION.test(sentences[last] ?? '')) sentences[last] += ` ${part}`
    else sentences.push(part)
  }
  return sentences
}

/**
 * Code and the address of a link count as what they are to a reader: one word, and none.
 *
 * @param {string} sentence
 */
function countWords(sentence) {
  const plain = sentence.replace(/`[^`]*`/g, 'code').replace(/\]\([^)]*\)/g, ']')
  return plain.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length
}
