import { runProgram } from './run-program.js'

/** Runs a role's main function with its arguments. The process ends with it, and also when whoever started it is gone. */
export async function runRole(main: (args: readonly string[]) => Promise<void> | void): Promise<void> {
  process.on('disconnect', () => process.exit(1))
  await runProgram(async () => {
    await main(process.argv.slice(2))
    process.removeAllListeners('disconnect')
    if (process.connected) process.disconnect()
  })
}
