import { statSync } from 'node:fs'
import { join } from 'node:path'
import {
  CONTROL_FILE,
  CONTROL_LENGTH,
  type ControlBlock,
  controlProblem,
  decodeControl,
  isExistingSegmentSize,
  viewOf,
} from '@chronicle-ts/core/internal'
import { ColdFileError, readColdFile } from './cold-file.js'
import { type ProblemCode, type QueueProblem, queueProblem } from './queue-problem.js'

/** control.meta as it is found: its bytes, what they mean, and whether they can be relied on. */
export interface ColdControl {
  /** The fields as found, valid or not; absent when the file is missing, short or unreadable. */
  readonly block: ControlBlock | undefined
  readonly bytes: Buffer | undefined
  readonly problem: QueueProblem | undefined
}

const PROBLEM_CODES: Readonly<Record<NonNullable<ReturnType<typeof controlProblem>>, ProblemCode>> = {
  'not ready': 'CONTROL_NOT_READY',
  'bad magic': 'CONTROL_BAD_MAGIC',
  'bad version': 'CONTROL_BAD_VERSION',
  'bad segment size': 'CONTROL_BAD_SEGMENT_SIZE',
}

/** Reads a queue's control block. Never throws: what is wrong with it is in the result. */
export function readColdControl(directory: string): ColdControl {
  const bytes = readControlBytes(directory)
  if (!Buffer.isBuffer(bytes)) return { block: undefined, bytes: undefined, problem: bytes }
  if (bytes.length < CONTROL_LENGTH)
    return { block: undefined, bytes, problem: controlIs('CONTROL_SHORT', `It has ${bytes.length} bytes`) }
  const block = decodeControl(viewOf(bytes))
  if (bytes.every((byte) => byte === 0)) return { block, bytes, problem: controlIs('CONTROL_ZEROED', '') }
  const wrong = controlProblem(block, isExistingSegmentSize)
  if (wrong === undefined) return { block, bytes, problem: undefined }
  return { block, bytes, problem: controlIs(PROBLEM_CODES[wrong], describe(block)) }
}

/** The control block when it can be relied on, otherwise `undefined`. */
export function soundControl(control: ColdControl): ControlBlock | undefined {
  return control.problem === undefined ? control.block : undefined
}

/** Inode of the control file: another one means that the queue was created again. `undefined` when it is gone, or cannot be looked at. */
export function controlInode(directory: string): bigint | undefined {
  try {
    return statSync(join(directory, CONTROL_FILE), { bigint: true }).ino
  } catch {
    return undefined
  }
}

function readControlBytes(directory: string): Buffer | QueueProblem {
  try {
    return readColdFile(join(directory, CONTROL_FILE), CONTROL_LENGTH) ?? controlIs('CONTROL_MISSING', '')
  } catch (error) {
    if (error instanceof ColdFileError)
      return queueProblem('FILE_UNREADABLE', error.reason, { file: CONTROL_FILE, severity: 'critical' })
    throw error
  }
}

function controlIs(code: ProblemCode, detail: string): QueueProblem {
  return queueProblem(code, detail, { file: CONTROL_FILE })
}

function describe(block: ControlBlock): string {
  const magic = `0x${block.magic.toString(16).padStart(8, '0')}`
  return `It says magic ${magic}, version ${block.version}, initState ${block.initState}, segmentSize ${block.segmentSize}`
}
