import { describe, expect, it } from 'vitest'
import { ProgressLine, type ProgressOutput } from './progress-line.js'

class Recorded implements ProgressOutput {
  text = ''
  constructor(
    readonly isTTY: boolean,
    readonly columns = 80,
  ) {}
  write(text: string): void {
    this.text += text
  }
}

describe('ProgressLine', () => {
  it('rewrites its line on a terminal, never wider than it', () => {
    const terminal = new Recorded(true, 8)
    const line = new ProgressLine(terminal)
    line.update('0123456789')
    line.update('0123456xxx')
    line.update('short')
    line.clear()
    expect(terminal.text).toBe('\r\u001b[2K0123456\r\u001b[2Kshort\r\u001b[2K')
  })

  it('prints a line now and then elsewhere', () => {
    const file = new Recorded(false)
    let now = 0
    const line = new ProgressLine(file, () => now)
    line.update('first')
    line.update('too soon')
    now = 5000
    line.note('event')
    line.update('later')
    expect(file.text).toBe('first\nevent\nlater\n')
  })

  it('keeps events above the moving line', () => {
    const terminal = new Recorded(true)
    const line = new ProgressLine(terminal)
    line.update('moving')
    line.note('event')
    line.update('moving')
    expect(terminal.text).toBe('\r\u001b[2Kmoving\r\u001b[2Kevent\n\r\u001b[2Kmoving')
  })
})
