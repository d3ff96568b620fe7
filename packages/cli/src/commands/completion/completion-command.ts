import { Argument, type Command } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { EXIT_HEALTHY } from '../../exit-codes.js'
import { manual } from '../../output/manual.js'
import { bashCompletion, commandLine, fishCompletion, zshCompletion } from './scripts.js'

const EXAMPLES = `
Examples:
  $ chron-cli completion bash > /etc/bash_completion.d/chron-cli
  $ chron-cli completion zsh > "\${fpath[1]}/_chron-cli"
  $ chron-cli completion fish > ~/.config/fish/completions/chron-cli.fish
`

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const

export function addCompletionCommand(program: Command, run: Runner): void {
  program
    .command('completion')
    .summary('completion script for bash, zsh or fish')
    .description('Print a script that makes a shell complete commands and options.')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', manual(EXAMPLES))
    .action((shell: keyof typeof SCRIPTS, _options: object, command: Command) =>
      run(command, (context) => complete(context, program, shell)),
    )
}

function complete({ output }: CommandContext, program: Command, shell: keyof typeof SCRIPTS): number {
  output.line(SCRIPTS[shell](commandLine(program)).trimEnd())
  return EXIT_HEALTHY
}
