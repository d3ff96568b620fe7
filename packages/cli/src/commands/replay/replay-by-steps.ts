import { createInterface } from 'node:readline'
import type { Replay, ReplayHandler } from '@chronicle-ts/replay'
import type { CommandContext } from '../../command-context.js'
import { SCHEMA_VERSION, toJsonLine } from '../../output/json.js'
import { formatTime } from '../../output/times.js'

const PROMPT = 'enter: one message, a number: that many, run, quit > '

/** Goes on as the lines of standard input say, and shows each message that was passed. Ends with the input. */
export async function replayBySteps(context: CommandContext, replay: Replay, handler: ReplayHandler): Promise<void> {
  const isTerminal = process.stdin.isTTY === true
  const lines = createInterface({ input: process.stdin, signal: context.signal })
  const ask = (): void => {
    if (isTerminal) process.stderr.write(PROMPT)
  }
  const showing: ReplayHandler = (delivery) => {
    show(context, delivery)
    return handler(delivery)
  }
  ask()
  for await (const line of lines) {
    const command = line.trim()
    if (command === 'quit' || command === 'q') break
    if (command === 'run' || command === 'r') await replay.run(showing)
    else if (/^\d{0,9}$/.test(command)) await replay.step(command === '' ? 1 : Number(command), showing)
    else context.log.warn(`not understood: ${PROMPT}`)
    if (replay.ended || context.signal.aborted) break
    ask()
  }
  lines.close()
}

function show({ output, json }: CommandContext, { key, message }: Parameters<ReplayHandler>[0]): void {
  const { sequence, timestampNs, typeId, length } = message
  if (json)
    output.line(
      toJsonLine({ schemaVersion: SCHEMA_VERSION, command: 'replay', queue: key, sequence, timestampNs, typeId, length }),
    )
  else output.line(`${key}  #${sequence}  ${formatTime(timestampNs)}  type ${typeId}  ${length} bytes`)
}
