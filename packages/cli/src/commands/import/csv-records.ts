import { UsageError } from '../../command-error.js'

/** A line that breaks the rules of CSV (RFC 4180). */
export class CsvError extends UsageError {
  override readonly name = 'CsvError'
}

/**
 * Puts CSV records together line by line: a quoted field may span any number of lines. Every character is looked at once, however long a field is.
 */
export class CsvRecords {
  #fields: string[] = []
  /** Pieces of the quoted field that is still open; `undefined` between records. */
  #open: string[] | undefined
  #openLength = 0

  /** Characters of the record that is still open. */
  get openLength(): number {
    return this.#openLength
  }

  /** Whether a quoted field has not ended yet. */
  get isOpen(): boolean {
    return this.#open !== undefined
  }

  /**
   * Takes the next line, without its line feed; returns the fields when it ends a record.
   *
   * @throws {@link CsvError}
   */
  push(line: string): string[] | undefined {
    this.#openLength += line.length + 1
    let at = 0
    if (this.#open !== undefined) {
      this.#open.push('\n')
      at = this.#readQuoted(line, 0, this.#open)
    }
    while (at >= 0 && at <= line.length) at = this.#readField(line, at)
    if (at < 0) return undefined
    const fields = this.#fields
    this.#fields = []
    this.#openLength = 0
    return fields
  }

  /** Reads the field at `at`; returns where the next one begins, after the line's end when there is none, or -1 when the field is still open. */
  #readField(line: string, at: number): number {
    if (line[at] !== '"') {
      const comma = line.indexOf(',', at)
      const end = comma < 0 ? line.length : comma
      const field = line.slice(at, comma < 0 && line.endsWith('\r') ? end - 1 : end)
      if (field.includes('"')) throw new CsvError('a quote stands in a field that does not begin with one')
      this.#fields.push(field)
      return end + 1
    }
    this.#open = []
    return this.#readQuoted(line, at + 1, this.#open)
  }

  #readQuoted(line: string, from: number, pieces: string[]): number {
    let begin = from
    for (let at = line.indexOf('"', from); at >= 0; at = line.indexOf('"', at + 2)) {
      if (line[at + 1] === '"') {
        pieces.push(line.slice(begin, at + 1))
        begin = at + 2
        continue
      }
      pieces.push(line.slice(begin, at))
      this.#fields.push(pieces.join(''))
      this.#open = undefined
      return afterField(line, at + 1)
    }
    pieces.push(line.slice(begin))
    return -1
  }
}

/** Where the next field begins when a quoted one has ended at `end`. */
function afterField(line: string, end: number): number {
  if (line[end] === ',') return end + 1
  const isEnd = end === line.length || (end === line.length - 1 && line[end] === '\r')
  if (!isEnd) throw new CsvError('text follows the closing quote of a field')
  return line.length + 1
}
