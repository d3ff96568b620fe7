import { BadMessageError } from '../errors/index.js'
import { BlockLengths } from '../layout/field-size.js'
import {
  type DataSpec,
  type FieldDescription,
  type GroupSpec,
  type HeaderField,
  isSection,
  type SectionSpec,
} from '../spec/field-spec.js'
import type { Flyweight } from './flyweight.js'

/** Entries that take no bytes are not counted by the payload's length; this many are enough. */
const MAX_EMPTY_ENTRIES = 65_535

type Section = FieldDescription<SectionSpec>
export type Group = FieldDescription<GroupSpec>
export type Data = FieldDescription<DataSpec>

/** What a section's bytes are checked against. */
interface Message {
  readonly view: DataView
  readonly end: number
  readonly version: number
  readonly little: boolean
  readonly type: string
}

/**
 * Finds where SBE's groups and data begin. They follow each other, so the begin of one is the end of the one before it: the walk goes as far as it was asked
 * to and remembers. Every length is checked against the payload before it is used.
 */
export class SectionWalk {
  readonly #sections: readonly Section[]
  readonly #type: string
  readonly #starts: number[]
  #known = 0

  constructor(sections: readonly Section[], type: string) {
    this.#sections = sections
    this.#type = type
    this.#starts = new Array(sections.length + 1).fill(0)
  }

  reset(start: number): void {
    this.#starts[0] = start
    this.#known = 0
  }

  /** Offset of a section in the view; that of the one after the last is the end of all. */
  start(body: Flyweight, index: number, little: boolean): number {
    while (this.#known < index) {
      const section = this.#sections[this.#known] as Section
      const message = {
        view: body['~place'].view,
        end: body['~place'].end,
        version: body['~place'].version,
        little,
        type: this.#type,
      }
      this.#starts[this.#known + 1] = sectionEnd(section, this.#starts[this.#known] as number, message)
      this.#known++
    }
    return this.#starts[index] as number
  }

  /** The end of the last section: where the next entry of a group begins. */
  end(body: Flyweight, little: boolean): number {
    return this.start(body, this.#sections.length, little)
  }
}

/** Reads a number of a header whose layout the schema's author chose. */
export function readHeaderField(view: DataView, at: number, field: HeaderField, little: boolean): number {
  const from = at + field.offset
  switch (field.type) {
    case 'u8':
    case 'i8':
      return view.getUint8(from)
    case 'u16':
    case 'i16':
      return view.getUint16(from, little)
    case 'u32':
    case 'i32':
      return view.getUint32(from, little)
    default:
      return Number(view.getBigUint64(from, little))
  }
}

export function groupDimension(
  group: Group,
  start: number,
  message: Message,
): { blockLength: number; count: number; first: number } {
  const { size, blockLength, count } = group.dimension
  if (start + size > message.end) throw leavesPayload(group, message)
  const length = readHeaderField(message.view, start, blockLength, message.little)
  const entries = readHeaderField(message.view, start, count, message.little)
  const needed = blockLengthsOf(group).at(message.version)
  if (entries > 0 && length < needed)
    throw new BadMessageError({ type: message.type, field: group.name, detail: `blocks of ${length} bytes instead of ${needed}` })
  const bytes = entries * length
  if (start + size + bytes > message.end) throw leavesPayload(group, message)
  if (length === 0 && entries > MAX_EMPTY_ENTRIES)
    throw new BadMessageError({ type: message.type, field: group.name, detail: `${entries} empty entries` })
  return { blockLength: length, count: entries, first: start + size }
}

/** Where the bytes of a data section begin, and how many there are. */
export function dataExtent(data: Data, start: number, message: Message): { from: number; length: number } {
  const from = start + data.dataOffset
  if (from > message.end) throw leavesPayload(data, message)
  const length = readHeaderField(message.view, start, data.length, message.little)
  if (from + length > message.end) throw leavesPayload(data, message)
  return { from, length }
}

function sectionEnd(section: Section, start: number, message: Message): number {
  if ((section.since ?? 0) > message.version) return start
  if (section.kind === 'data') {
    const { from, length } = dataExtent(section as Data, start, message)
    return from + length
  }
  const { blockLength, count, first } = groupDimension(section as Group, start, message)
  const nested = section.fields.filter((field): field is Section => isSection(field) && (field.since ?? 0) <= message.version)
  if (nested.length === 0) return first + count * blockLength
  let at = first
  // Each nested section takes at least one byte, so the payload's end bounds the loop.
  for (let index = 0; index < count; index++) {
    at += blockLength
    if (at > message.end) throw leavesPayload(section, message)
    for (const inner of nested) at = sectionEnd(inner, at, message)
  }
  return at
}

const blockLengthsByGroup = new WeakMap<Group, BlockLengths>()

function blockLengthsOf(group: Group): BlockLengths {
  let lengths = blockLengthsByGroup.get(group)
  if (lengths === undefined) {
    lengths = new BlockLengths(group.fields)
    blockLengthsByGroup.set(group, lengths)
  }
  return lengths
}

function leavesPayload(section: Section, message: Message): BadMessageError {
  return new BadMessageError({ type: message.type, field: section.name, detail: 'a part extends past the payload' })
}

/** The message that a body stands on, for the functions above. */
export function messageOf(body: Flyweight, type: string, little: boolean): Message {
  return { view: body['~place'].view, end: body['~place'].end, version: body['~place'].version, little, type }
}
