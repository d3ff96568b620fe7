import { columnsOf } from './terminal-size.js'
import { wrapText } from './wrap.js'

const WIDEST = 110

/** The part of a manual after the options: paragraphs fitted to the terminal, lists and examples as they are. To be given to commander's `addHelpText`. */
export function manual(text: string): () => string {
  return () => {
    const width = Math.min(WIDEST, columnsOf(process.stdout))
    return `\n${text
      .trim()
      .split('\n\n')
      .map((block) => fitBlock(block, width))
      .join('\n\n')}\n`
  }
}

function fitBlock(block: string, width: number): string {
  const lines = block.split('\n')
  if (lines.some((line) => line.startsWith(' ') || line.endsWith(':'))) return block
  return wrapText(lines.join(' '), width - 1).join('\n')
}
