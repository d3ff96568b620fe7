/** Opens a queue as the first thing that its process does with one, and prints how long that took. */
import { openReader, openWriter } from '@chronicle-ts/core'

export interface TimedOpenTask {
  readonly directory: string
  readonly as: 'writer' | 'reader'
  readonly nextSequence: number
}

const { directory, as, nextSequence }: TimedOpenTask = JSON.parse(process.argv[2] ?? '{}')
const figures = as === 'writer' ? openForWriting() : openForReading()
process.stdout.write(JSON.stringify(figures))

function openForWriting(): { readonly ms: number } {
  const begin = performance.now()
  const writer = openWriter(directory)
  const ms = performance.now() - begin
  const found = writer.nextSequence
  writer.close()
  if (found !== nextSequence) throw new Error(`opened at sequence ${found} instead of ${nextSequence}`)
  return { ms }
}

function openForReading(): { readonly ms: number } {
  const begin = performance.now()
  const reader = openReader(directory, 'bench', { start: 'earliest' })
  const ms = performance.now() - begin
  const first = reader.next()?.sequence
  reader.close()
  if (first !== 0) throw new Error(`the first message is ${first} instead of 0`)
  return { ms }
}
