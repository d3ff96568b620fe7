import { binding } from '@chronicle-ts/native'
import { nodeCrypto } from '../files/node-crypto.js'
import {
  CONTROL_BOOT_ID_LENGTH,
  CONTROL_BOOT_ID_OFFSET,
  DURABLE_SLOT_COUNT,
  type DurableMark,
  decodeDurableMark,
  durableSlotOffset,
  encodeDurableSlot,
} from '../format/index.js'

/** Bytes to be stored at an offset of a control block. */
export interface ControlPatch {
  readonly offset: number
  readonly bytes: Uint8Array
}

const crc32 = (bytes: Uint8Array): number => binding.crc32(bytes)

/**
 * Returns what a control block has to have so that the next open recovers as after a stop of the machine. That is the id of another boot and, where `mark` is given, that one
 * in the place of both durable marks. Everything after the durable mark is then lost where its pages are.
 */
export function patchesOfMachineStop(control: Uint8Array, mark?: Omit<DurableMark, 'generation'>): ControlPatch[] {
  const patches = [{ offset: CONTROL_BOOT_ID_OFFSET, bytes: nodeCrypto().randomBytes(CONTROL_BOOT_ID_LENGTH) }]
  if (mark === undefined) return patches
  const next = (decodeDurableMark(control, crc32)?.generation ?? 0) + 1
  const slots = Array.from({ length: DURABLE_SLOT_COUNT }, (_, index) => next + index).map((generation) => ({
    offset: durableSlotOffset(generation % DURABLE_SLOT_COUNT),
    bytes: encodeDurableSlot({ ...mark, generation }, crc32),
  }))
  return [...slots, ...patches]
}
