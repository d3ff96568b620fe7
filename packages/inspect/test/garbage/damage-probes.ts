import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** One message of the undamaged queue, and the bytes of its segment that it occupies. */
export interface WrittenMessage {
  readonly sequence: number
  readonly file: string
  readonly from: number
  readonly to: number
  readonly payload: string
}

export interface Damage {
  /** Relative to the queue's directory. */
  readonly file: string
  readonly truncateTo?: number
  readonly writes?: readonly { readonly offset: number; readonly hex: string }[]
  /** What stands in the file's place. */
  readonly foreign?: Foreign
  /** Whole contents by name, or that there is no such file: what a change of more than one file comes to. `file` then only names the change. */
  readonly files?: Readonly<Record<string, string | null>>
  /** The change in words. */
  readonly what?: string
  /** Only the writer and the cold tools look: readers wait for a second for a writer that might still be creating the control block. */
  readonly writerOnly?: boolean
  /** The damage says something valid and untrue, so that what follows from it cannot be distinguished from the truth. */
  readonly mayHide?: boolean
  /** A good record stands where another belongs: skipping readers may skip good ones after it, which strict ones report. */
  readonly misleads?: boolean
  /** The first messages are gone, and nothing else: that looks as if retention had been at work. */
  readonly losesBeginning?: boolean
}

export const FOREIGN = ['missing', 'directory', 'loop', 'fifo', 'device'] as const
export type Foreign = (typeof FOREIGN)[number]

export interface ProbedDamage {
  readonly damage: Damage
  /** The code that a strict observer ended with, or 'none'. */
  readonly code: string
  /** What should not have happened. */
  readonly findings: readonly string[]
}

/** No damage may keep an operation busy for longer. Generous: a slow machine is not a fault. */
const HANG_MS = 30_000

/** Memory where there is any for files: every probe copies the queue. */
export function scratchFolder(): string {
  return mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'chronicle-garbage-'))
}

/** Has child processes probe all damages; what kills or hangs one is a finding of the damage that it was at. */
export async function probeDamages(
  template: string,
  messages: readonly WrittenMessage[],
  damages: readonly Damage[],
): Promise<ProbedDamage[]> {
  const half = Math.ceil(damages.length / 2)
  const parts = await Promise.all(
    [damages.slice(0, half), damages.slice(half)].map((part) => probePart(template, messages, part)),
  )
  return parts.flat()
}

async function probePart(
  template: string,
  messages: readonly WrittenMessage[],
  damages: readonly Damage[],
): Promise<ProbedDamage[]> {
  const probed: ProbedDamage[] = []
  while (probed.length < damages.length) {
    const rest = damages.slice(probed.length)
    probed.push(...(await probeUntilDeath(template, messages, rest)))
  }
  return probed
}

/** One child. Ends with a finding when it dies; the next child goes on after it. */
async function probeUntilDeath(
  template: string,
  messages: readonly WrittenMessage[],
  damages: readonly Damage[],
): Promise<ProbedDamage[]> {
  const scratch = scratchFolder()
  const workFile = join(scratch, 'work.json')
  writeFileSync(
    workFile,
    JSON.stringify({
      template,
      scratch,
      messages,
      damages: damages.map((damage) => ({ ...damage, hurt: hurtBy(damage, messages, template) })),
    }),
  )
  const program = fileURLToPath(new URL('../programs/probe-damage.mjs', import.meta.url))
  const child = spawn(process.execPath, [program, workFile], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`)))
  const probed: ProbedDamage[] = []
  let watchdog = setTimeout(() => child.kill('SIGKILL'), HANG_MS)
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(watchdog)
    watchdog = setTimeout(() => child.kill('SIGKILL'), HANG_MS)
    const said = JSON.parse(line) as { done?: number; code?: string; findings?: string[] }
    const damage = said.done === undefined ? undefined : damages[said.done]
    if (damage !== undefined) probed.push({ damage, code: said.code ?? 'none', findings: said.findings ?? [] })
  }
  clearTimeout(watchdog)
  const how = await ended
  rmSync(scratch, { recursive: true, force: true })
  const fatal = damages[probed.length]
  if (fatal !== undefined) probed.push({ damage: fatal, code: 'none', findings: [`the process ended: ${how} ${stderr}`] })
  return probed
}

/** The messages of which a damage changes, moves or cuts away a byte. */
function hurtBy(damage: Damage, messages: readonly WrittenMessage[], template: string): number[] {
  const { file, truncateTo, writes, foreign, files } = damage
  const isHurt = (message: WrittenMessage): boolean => {
    const replaced = files?.[message.file]
    if (replaced !== undefined) return replaced === null || !isKept(message, template, replaced)
    if (message.file !== file) return false
    if (foreign !== undefined) return true
    if (truncateTo !== undefined) return message.to > truncateTo
    return writes?.some(({ offset, hex }) => offset < message.to && offset + hex.length / 2 > message.from) ?? false
  }
  return messages.filter(isHurt).map((message) => message.sequence)
}

function isKept({ file, from, to }: WrittenMessage, template: string, replaced: string): boolean {
  return readFileSync(join(template, file)).toString('hex', from, to) === replaced.slice(2 * from, 2 * to)
}

/** What a failing test shows: at most a few, each with all that it takes to do it again. */
export function describeFindings(probed: readonly ProbedDamage[]): string[] {
  return probed
    .filter(({ findings }) => findings.length > 0)
    .slice(0, 10)
    .map(
      ({ damage, findings }) =>
        `${damage.what === undefined ? JSON.stringify(damage) : `${damage.file}, ${damage.what}`}: ${findings.join('; ')}`,
    )
}
