import { expect, it } from 'vitest'
import { ReplaySchedule, UNPACED } from './replay-schedule.js'

it('keeps the recorded distances, divided by the speed', () => {
  const schedule = new ReplaySchedule(4, () => 1000n)
  expect([500n, 900n, 2500n].map((recorded) => schedule.dueNs(recorded))).toEqual([1000n, 1100n, 1500n])
})

it('stays on the schedule however late a frame was', () => {
  let now = 1000n
  const schedule = new ReplaySchedule(1, () => now)
  schedule.dueNs(0n)
  now = 999_999n
  expect(schedule.dueNs(10n)).toBe(1010n)
})

it('makes the first frame of every recording due at once', () => {
  let now = 1000n
  const schedule = new ReplaySchedule(1, () => now)
  schedule.dueNs(77n)
  now = 2000n
  schedule.restart()
  expect(schedule.dueNs(5n)).toBe(2000n)
})

it('has every frame due now when there is no pace', () => {
  let now = 1000n
  const schedule = new ReplaySchedule(UNPACED, () => now)
  schedule.dueNs(0n)
  now = 1001n
  expect(schedule.dueNs(10n ** 18n)).toBe(1001n)
})

it('reaches the due time and not earlier', async () => {
  const clock = () => process.hrtime.bigint()
  const schedule = new ReplaySchedule(1, clock)
  const dueNs = schedule.dueNs(0n) + 12_000_000n
  while (!(await schedule.reached(dueNs))) expect(clock()).toBeLessThan(dueNs + 10n ** 10n)
  expect(clock()).toBeGreaterThanOrEqual(dueNs)
})
