/** What a call does, as far as the errors that it can give differ. The same order stands in injector.h. */
const KINDS = [
  'open',
  'open-for-writing',
  'create',
  'open-elsewhere',
  'duplicate',
  'list',
  'read',
  'write',
  'truncate',
  'allocate',
  'map',
  'protect',
  'advise',
  'sync',
  'rename',
  'rename-no-replace',
  'link',
  'unlink',
  'make-directory',
  'remove-directory',
  'status',
  'attributes',
  'lock',
  'notify-init',
  'notify-watch',
  'lock-memory',
  'thread',
  'close',
  'memory',
  'futex-waitv',
  'read-link',
  'access',
  'copy',
] as const

type Kind = (typeof KINDS)[number]

/** How long a fault lasts: one call, or every call of its kinds from then on. */
export type Duration = 'once' | 'from-then-on'

/** A way in which calls fail. */
export interface Fault {
  readonly name: string
  /** 0: the call transfers half of what it was asked for. */
  readonly errno: number
  readonly kinds: readonly Kind[]
  readonly durations: readonly Duration[]
  /** The operation must succeed all the same: the kernel or file system lacks a feature, was interrupted, or did a part of the work. */
  readonly isHarmless?: boolean
  /** Calls that fail with it succeed later, and nothing was lost: the same operation must succeed when the fault is over. */
  readonly passes?: boolean
}

const BOTH = ['once', 'from-then-on'] as const
const ONCE = ['once'] as const
const OPENS = ['open', 'open-for-writing', 'create'] as const
const NAMES = ['rename', 'rename-no-replace', 'link', 'unlink', 'make-directory'] as const

/** The errors that Linux gives, each with the calls that can give it. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'EIO',
    errno: 5,
    kinds: [...OPENS, 'list', 'read', 'write', 'truncate', 'allocate', ...NAMES, 'remove-directory', 'status', 'copy'],
    durations: BOTH,
  },
  {
    name: 'ENOSPC',
    errno: 28,
    kinds: ['create', 'write', 'allocate', 'rename', 'rename-no-replace', 'link', 'make-directory', 'notify-watch', 'copy'],
    durations: BOTH,
    passes: true,
  },
  { name: 'EIO of a sync', errno: 5, kinds: ['sync'], durations: BOTH },
  { name: 'ENOSPC of a sync', errno: 28, kinds: ['sync'], durations: BOTH },
  { name: 'EDQUOT', errno: 122, kinds: ['create', 'write', 'allocate', 'make-directory', 'copy'], durations: BOTH, passes: true },
  {
    name: 'EMFILE',
    errno: 24,
    kinds: [...OPENS, 'open-elsewhere', 'duplicate', 'list', 'notify-init'],
    durations: BOTH,
    passes: true,
  },
  { name: 'ENFILE', errno: 23, kinds: [...OPENS, 'open-elsewhere', 'list', 'notify-init'], durations: BOTH, passes: true },
  {
    name: 'ENOMEM',
    errno: 12,
    kinds: [...OPENS, 'list', 'map', 'protect', 'advise', ...NAMES, 'status', 'notify-init', 'notify-watch', 'thread'],
    durations: BOTH,
    passes: true,
  },
  { name: 'EAGAIN', errno: 11, kinds: ['thread'], durations: BOTH, passes: true },
  {
    name: 'EACCES',
    errno: 13,
    kinds: [...OPENS, 'list', ...NAMES, 'status', 'map', 'notify-watch'],
    durations: BOTH,
    passes: true,
  },
  {
    name: 'EROFS',
    errno: 30,
    kinds: ['open-for-writing', 'create', ...NAMES, 'remove-directory', 'attributes'],
    durations: BOTH,
    passes: true,
  },
  {
    name: 'EPERM',
    errno: 1,
    kinds: ['open-for-writing', 'create', 'truncate', 'allocate', ...NAMES, 'remove-directory', 'attributes'],
    durations: BOTH,
    passes: true,
  },
  { name: 'EFBIG', errno: 27, kinds: ['write', 'truncate', 'allocate', 'copy'], durations: BOTH, passes: true },
  { name: 'ENOLCK', errno: 37, kinds: ['lock'], durations: BOTH, passes: true },
  { name: 'EIO of close', errno: 5, kinds: ['close'], durations: BOTH, passes: true },
  { name: 'EINTR', errno: 4, kinds: [...OPENS, 'truncate', 'allocate', 'write', 'lock'], durations: ONCE, isHarmless: true },
  { name: 'EINTR of a sync', errno: 4, kinds: ['sync'], durations: ONCE },
  { name: 'EAGAIN of madvise', errno: 11, kinds: ['advise'], durations: ONCE, isHarmless: true },
  { name: 'EINVAL of madvise', errno: 22, kinds: ['advise'], durations: BOTH, isHarmless: true },
  { name: 'EOPNOTSUPP', errno: 95, kinds: ['allocate', 'copy'], durations: BOTH, isHarmless: true },
  { name: 'EINVAL of renameat2', errno: 22, kinds: ['rename-no-replace'], durations: BOTH, isHarmless: true },
  { name: 'ENOSYS', errno: 38, kinds: ['futex-waitv'], durations: BOTH, isHarmless: true },
  { name: 'short read', errno: 0, kinds: ['read'], durations: BOTH, isHarmless: true },
  { name: 'short write', errno: 0, kinds: ['write'], durations: BOTH, isHarmless: true },
]

/** Allocations of the addon. It has no exceptions: out of memory for objects of some bytes ends the process, as it does in the engine. */
export const OUT_OF_MEMORY: Fault = { name: 'bad_alloc', errno: 12, kinds: ['memory'], durations: ONCE }

/** The kinds of a fault as a set: one bit for each. */
export function kindSet(fault: Fault): bigint {
  return fault.kinds.reduce((set, kind) => set | (1n << BigInt(KINDS.indexOf(kind))), 0n)
}
