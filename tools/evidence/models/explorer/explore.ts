import { type Cpu, END, type EndState, type Model, type Process } from './machine.js'

/** What an exploration found. */
export interface Exploration {
  /** Different states seen. */
  readonly states: number
  readonly transitions: number
  /** False when the limit ended the search before everything was seen. */
  readonly complete: boolean
  /** The first broken promise on a shortest path, with the steps that lead there. */
  readonly violation?: { readonly message: string; readonly trace: readonly string[] }
}

const DEAD = 'dead'

/**
 * Visits every reachable state of a model, nearest first, so that a counterexample is as short as any.
 *
 * A state is a string of 16-bit units: shared words, kills left, then per process label, locals and store buffer. Strings are the cheapest
 * thing to keep in a set by the million.
 */
export function explore(model: Model, limit = 3_000_000): Exploration {
  const machine = new Machine(model)
  const states = [machine.initialState()]
  const known = new Set(states)
  const parents = [-1]
  const labels = ['']
  let transitions = 0

  const trace = (index: number, last?: string) => {
    const steps = last === undefined ? [] : [last]
    for (let at = index; at > 0; at = parents[at] ?? 0) steps.push(labels[at] ?? '')
    return steps.reverse()
  }

  for (let index = 0; index < states.length; index++) {
    const state = states[index] ?? ''
    let moved = false
    let violation: Exploration['violation']
    machine.successors(state, (next, label, failure, isKill) => {
      // A kill is no way out: a state that only a kill can leave is judged like any other end.
      if (!isKill) moved = true
      transitions++
      if (failure !== undefined) violation ??= { message: failure, trace: trace(index, label) }
      if (known.has(next)) return
      known.add(next)
      states.push(next)
      parents.push(index)
      labels.push(label)
    })
    if (!moved) {
      const message = machine.judge(state)
      if (message !== undefined) violation = { message, trace: trace(index) }
    }
    if (violation !== undefined) return { states: states.length, transitions, complete: false, violation }
    if (states.length > limit) return { states: states.length, transitions, complete: false }
  }
  return { states: states.length, transitions, complete: true }
}

type Visit = (next: string, label: string, failure?: string, isKill?: boolean) => void

/** Places of one process in the state. */
interface Place {
  readonly process: Process
  readonly labels: readonly string[]
  readonly label: number
  readonly locals: number
  /** Count of buffered stores, then pairs of address and value. */
  readonly buffer: number
}

class Machine {
  private readonly places: Place[] = []
  private readonly kills: number
  private readonly length: number

  constructor(private readonly model: Model) {
    this.kills = model.words
    let length = model.words + 1
    for (const process of model.processes) {
      const labels = [...Object.keys(process.steps), END, DEAD]
      this.places.push({ process, labels, label: length, locals: length + 1, buffer: length + 1 + process.locals })
      length += 2 + process.locals + 2 * model.bufferLength
    }
    this.length = length
  }

  initialState(): string {
    const state = new Array<number>(this.length).fill(0)
    for (const [address, value] of Object.entries(this.model.initial ?? {})) state[Number(address)] = value
    state[this.kills] = this.model.kills
    for (const place of this.places) state[place.label] = indexOfLabel(place, place.process.start)
    return encode(state)
  }

  successors(from: string, visit: Visit): void {
    for (const place of this.places) {
      this.visitStep(from, place, visit)
      this.visitFlush(from, place, visit)
      this.visitKill(from, place, visit)
    }
  }

  judge(state: string): string | undefined {
    const values = decode(state)
    const labelOf = (process: number) => {
      const place = at(this.places, process)
      return place.labels[at(values, place.label)]
    }
    const end: EndState = {
      word: (address) => at(values, address),
      local: (process, local) => at(values, at(this.places, process).locals + local),
      ended: (process) => labelOf(process) === END,
      dead: (process) => labelOf(process) === DEAD,
    }
    return this.model.judge(end)
  }

  private visitStep(from: string, place: Place, visit: Visit): void {
    const label = place.labels[from.charCodeAt(place.label)] ?? END
    const step = place.process.steps[label]
    if (step === undefined) return
    for (let choice = 0, choices = 1; choice < choices; choice++) {
      const cpu = new Processor(decode(from), place, this.model.bufferLength, choice)
      const next = step(cpu)
      choices = cpu.choices
      if (next === undefined || cpu.blocked) continue
      cpu.state[place.label] = indexOfLabel(place, next)
      visit(encode(cpu.state), `${place.process.name}: ${label}${choices > 1 ? ` (${choice})` : ''}`, cpu.failure)
    }
  }

  private visitFlush(from: string, place: Place, visit: Visit): void {
    const count = from.charCodeAt(place.buffer)
    if (this.model.bufferLength === 0 || count === 0) return
    const state = decode(from)
    state[at(state, place.buffer + 1)] = at(state, place.buffer + 2)
    for (let i = 1; i < count; i++) {
      state[place.buffer + 2 * i - 1] = at(state, place.buffer + 2 * i + 1)
      state[place.buffer + 2 * i] = at(state, place.buffer + 2 * i + 2)
    }
    state[place.buffer + 2 * count - 1] = 0
    state[place.buffer + 2 * count] = 0
    state[place.buffer] = count - 1
    visit(encode(state), `${place.process.name}'s oldest buffered store reaches memory`)
  }

  private visitKill(from: string, place: Place, visit: Visit): void {
    const label = place.labels[from.charCodeAt(place.label)]
    if (!place.process.killable || from.charCodeAt(this.kills) === 0 || label === END || label === DEAD) return
    // The kernel has long drained the buffers of a process when it releases what that process held.
    if (this.model.bufferLength > 0 && from.charCodeAt(place.buffer) > 0) return
    const state = decode(from)
    state[this.kills] = at(state, this.kills) - 1
    for (let i = 0; i < place.process.locals; i++) state[place.locals + i] = 0
    state[place.label] = indexOfLabel(place, place.process.restart ?? DEAD)
    place.process.onKill?.(new Processor(state, place, this.model.bufferLength, 0))
    visit(encode(state), `${place.process.name} is killed before ${label}`, undefined, true)
  }
}

/** One step's view of the machine. */
class Processor implements Cpu {
  choices = 1
  blocked = false
  failure: string | undefined

  constructor(
    readonly state: number[],
    private readonly place: Place,
    private readonly bufferLength: number,
    private readonly choice: number,
  ) {}

  load(address: number): number {
    const { state, place } = this
    for (let i = this.buffered() - 1; i >= 0; i--) {
      if (state[place.buffer + 1 + 2 * i] === address) return at(state, place.buffer + 2 + 2 * i)
    }
    return at(state, address)
  }

  store(address: number, value: number): void {
    const { state, place } = this
    const count = this.buffered()
    if (this.bufferLength === 0) {
      state[address] = value
    } else if (count === this.bufferLength) {
      this.blocked = true
    } else {
      state[place.buffer + 1 + 2 * count] = address
      state[place.buffer + 2 + 2 * count] = value
      state[place.buffer] = count + 1
    }
  }

  exchange(address: number, value: number): number {
    this.fence()
    const before = at(this.state, address)
    this.state[address] = value
    return before
  }

  add(address: number, difference: number): number {
    this.fence()
    const before = at(this.state, address)
    this.state[address] = (before + difference) & 0xffff
    return before
  }

  fence(): void {
    if (this.buffered() > 0) this.blocked = true
  }

  peek(address: number): number {
    return at(this.state, address)
  }

  poke(address: number, value: number): void {
    this.state[address] = value
  }

  get(local: number): number {
    return at(this.state, this.place.locals + local)
  }

  set(local: number, value: number): void {
    this.state[this.place.locals + local] = value
  }

  choose(count: number): number {
    this.choices = count
    return this.choice
  }

  fail(message: string): void {
    this.failure ??= message
  }

  private buffered(): number {
    return this.bufferLength === 0 ? 0 : at(this.state, this.place.buffer)
  }
}

function indexOfLabel(place: Place, label: string): number {
  const index = place.labels.indexOf(label)
  if (index < 0) throw new Error(`Process ${place.process.name} has no step ${label}`)
  return index
}

function at<T>(values: readonly T[], index: number): T {
  const value = values[index]
  if (value === undefined) throw new RangeError(`Nothing at ${index} of ${values.length}`)
  return value
}

function encode(state: readonly number[]): string {
  return String.fromCharCode.apply(null, state as number[])
}

function decode(state: string): number[] {
  const values = new Array<number>(state.length)
  for (let i = 0; i < state.length; i++) values[i] = state.charCodeAt(i)
  return values
}
