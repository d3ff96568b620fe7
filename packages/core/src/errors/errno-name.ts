import { getSystemErrorName } from 'node:util'

/** Errors of Linux that Node has no name for, as the header asm-generic/errno.h numbers them. */
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
