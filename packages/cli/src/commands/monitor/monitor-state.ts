import { type QueueRow, rateOf } from './queue-board.js'

const SORT_KEYS = ['state', 'name', 'rate', 'lag', 'size'] as const
export type SortKey = (typeof SORT_KEYS)[number]

/** What the person at the keyboard has chosen. */
export interface MonitorState {
  readonly sort: SortKey
  readonly filter: string
  /** The filter is being typed. */
  readonly isTyping: boolean
  /** Index among the visible rows. */
  readonly selected: number
  /** The queue that is shown alone. */
  readonly opened: string | undefined
  readonly isPaused: boolean
  /** The help is shown instead. */
  readonly isHelping: boolean
  readonly isDone: boolean
}

export const FIRST_STATE: MonitorState = {
  sort: 'state',
  filter: '',
  isTyping: false,
  selected: 0,
  opened: undefined,
  isPaused: false,
  isHelping: false,
  isDone: false,
}

const CTRL_C = '\u0003'
const ESCAPE = '\u001b'
const UP = '\u001b[A'
const DOWN = '\u001b[B'
const ENTER = '\r'
const HELP_ENDS = ['?', 'h', ESCAPE, ENTER]
const BACKSPACES = ['\u007f', '\b']

/** The state after a key. */
export function pressKey(state: MonitorState, key: string, rows: readonly QueueRow[]): MonitorState {
  if (key === CTRL_C) return { ...state, isDone: true }
  if (state.isTyping) return typeFilter(state, key)
  if (state.isHelping && key !== 'q') return HELP_ENDS.includes(key) ? { ...state, isHelping: false } : state
  const visible = visibleRows(state, rows)
  switch (key) {
    case 'q':
      return { ...state, isDone: true }
    case 's':
      return { ...state, sort: SORT_KEYS[(SORT_KEYS.indexOf(state.sort) + 1) % SORT_KEYS.length] ?? 'state', selected: 0 }
    case '/':
      return { ...state, isTyping: true, filter: '', selected: 0, opened: undefined }
    case '?':
    case 'h':
      return { ...state, isHelping: true }
    case ' ':
      return { ...state, isPaused: !state.isPaused }
    case UP:
    case 'k':
      return { ...state, selected: Math.max(0, state.selected - 1) }
    case DOWN:
    case 'j':
      return { ...state, selected: Math.max(0, Math.min(visible.length - 1, state.selected + 1)) }
    case ENTER:
      return { ...state, opened: visible[state.selected]?.directory }
    case ESCAPE:
      return state.opened === undefined ? { ...state, filter: '', selected: 0 } : { ...state, opened: undefined }
    default:
      return state
  }
}

/** The rows that pass the filter, sorted. */
export function visibleRows({ filter, sort }: MonitorState, rows: readonly QueueRow[]): QueueRow[] {
  const passing = rows.filter(({ directory }) => directory.toLowerCase().includes(filter.toLowerCase()))
  const byName = (a: QueueRow, b: QueueRow) => (a.directory < b.directory ? -1 : 1)
  const value = {
    name: () => 0,
    state: severityOf,
    rate: (row: QueueRow) => rateOf(row) ?? 0,
    lag: mostBehind,
    size: (row: QueueRow) => row.inspection.segments.bytes,
  }[sort]
  return passing.sort((a, b) => value(b) - value(a) || byName(a, b))
}

const SEVERITIES = { critical: 2, warning: 1, ok: 0 } as const

function severityOf({ state }: QueueRow): number {
  return SEVERITIES[state.severity]
}

/** Messages that the slowest reader is behind; 0 without readers. */
export function mostBehind({ inspection }: QueueRow): number {
  return Math.max(0, ...inspection.readers.map((reader) => reader.lag?.messages ?? 0))
}

function typeFilter(state: MonitorState, key: string): MonitorState {
  if (key === ENTER) return { ...state, isTyping: false }
  if (key === ESCAPE) return { ...state, isTyping: false, filter: '' }
  if (BACKSPACES.includes(key)) return { ...state, filter: state.filter.slice(0, -1) }
  return key.length === 1 && key >= ' ' ? { ...state, filter: state.filter + key, selected: 0 } : state
}
