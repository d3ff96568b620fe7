import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'

/** Errors of Linux that Node has no name for, as the header <asm-generic/errno.h> numbers them. */
const UNNAMED: Readonly<Record<number, string>> = {
  35: 'EDEADLK',
  37: 'ENOLCK',
  116: 'ESTALE',
  117: 'EUCLEAN',
  122: 'EDQUOT',
  133: 'EHWPOISON',
}

/** The symbolic name of an errno: 'EIO', 'EDQUOT', ... An errno without a name gives 'ERRNO' and its number. */
export function errnoName(errno: number): string {
  const known = UNNAMED[errno]
  if (known !== undefined) return known
  const name = getSystemErrorName(-errno)
  return /^E[A-Z0-9]+$/.test(name) ? name : `ERRNO${errno}`
}

/** The number of a symbolic name as Node gives it, negative: -5 for 'EIO'. `undefined` for a name that no errno of Linux has. */
export function errnoOf(name: string): number | undefined {
  const known = (constants.errno as Readonly<Record<string, number>>)[name] ?? unnamedNumber(name)
  return known === undefined ? undefined : -known
}

function unnamedNumber(name: string): number | undefined {
  const [number] = Object.entries(UNNAMED).find(([, known]) => known === name) ?? [/^ERRNO(\d+)$/.exec(name)?.[1]]
  return number === undefined ? undefined : Number(number)
}
