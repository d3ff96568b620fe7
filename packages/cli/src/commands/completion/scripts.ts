import type { Command, Option } from 'commander'

/** A command line as completion needs it. */
export interface CommandLine {
  readonly name: string
  readonly globalOptions: readonly OptionLine[]
  readonly commands: readonly CommandWord[]
}

interface CommandWord {
  readonly name: string
  readonly summary: string
  readonly options: readonly OptionLine[]
  readonly operands: Candidates
}

export interface OptionLine {
  readonly flags: readonly string[]
  readonly description: string
  /** `undefined` when it needs no value: what follows it may be an operand. */
  readonly value: Candidates | undefined
}

/** What can stand in a place: one of these words, a path, or something that no shell can know. */
type Candidates = readonly string[] | 'file' | 'directory' | 'anything'

/** Reads commands and options off the program itself, so that completion is never older than it. */
export function commandLine(program: Command): CommandLine {
  return {
    name: program.name(),
    globalOptions: program.options.map(optionLine),
    commands: program.commands.map((command) => ({
      name: command.name(),
      summary: command.summary(),
      options: command.options.map(optionLine),
      operands: operandsOf(command),
    })),
  }
}

export function bashCompletion({ name, globalOptions, commands }: CommandLine): string {
  const words = (options: readonly OptionLine[]) => options.flatMap(({ flags }) => flags).join(' ')
  const commandCases = commands.map(
    (command) =>
      `    ${command.name}) options="${words([...command.options, ...globalOptions])}"; operands=(${bashCandidates(command.operands)}) ;;`,
  )
  const valueCases = [
    ...commands.flatMap((command) => bashValueCases(command.name, command.options)),
    ...bashValueCases('*', globalOptions),
  ]
  return `# bash completion for ${name}
_${functionName(name)}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" options="" word
  local -a operands=(-W "")
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) command="$word"; break ;; esac
  done
  case "$command" in
    "") options="${commands.map((command) => command.name).join(' ')} ${words(globalOptions)} --help --version" ;;
${commandCases.join('\n')}
  esac
  if [[ "$current" == -* || -z "$command" ]]; then operands=(-W "$options --help"); fi
  case "$command:$previous" in
${valueCases.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen "\${operands[@]}" -- "$current")
}
complete -o filenames -F _${functionName(name)} ${name}
`
}

export function zshCompletion({ name, globalOptions, commands }: CommandLine): string {
  const spec = (option: OptionLine) =>
    option.flags.map((flag) => `'${flag}[${zshText(option.description)}]${zshValue(option)}'`).join(' ')
  const cases = commands.map((command) => {
    const specs = [...command.options, ...globalOptions].map(spec).join(' ')
    return `      ${command.name}) _arguments ${specs} '*:operand:${zshCandidates(command.operands)}' ;;`
  })
  return `#compdef ${name}
_${functionName(name)}() {
  local -a commands
  commands=(
${commands.map((command) => `    '${command.name}:${zshText(command.summary)}'`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join('\n')}
  esac
}
_${functionName(name)} "$@"
`
}

export function fishCompletion({ name, globalOptions, commands }: CommandLine): string {
  const lines = [`# fish completion for ${name}`, `complete -c ${name} -f`]
  for (const command of commands) {
    lines.push(`complete -c ${name} -n __fish_use_subcommand -a ${command.name} -d '${fishText(command.summary)}'`)
    const condition = `-n '__fish_seen_subcommand_from ${command.name}'`
    for (const option of command.options) lines.push(`complete -c ${name} ${condition} ${fishOption(option)}`)
    lines.push(`complete -c ${name} ${condition}${fishCandidates(command.operands)}`)
  }
  for (const option of globalOptions) lines.push(`complete -c ${name} ${fishOption(option)}`)
  return `${lines.join('\n')}\n`
}

/** A command takes directories, unless one of its arguments says otherwise. */
function operandsOf({ registeredArguments }: Command): Candidates {
  const choices = registeredArguments.flatMap((argument) => argument.argChoices ?? [])
  if (choices.length > 0) return choices
  return registeredArguments.some((argument) => argument.name() === 'files') ? 'file' : 'directory'
}

function optionLine(option: Option): OptionLine {
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
    description: option.description,
    value: option.required ? candidatesFor(option) : undefined,
  }
}

function candidatesFor({ argChoices, flags }: Option): Candidates {
  if (argChoices !== undefined) return argChoices
  if (flags.endsWith('<file>')) return 'file'
  return /<(path|queue)>$/.test(flags) ? 'directory' : 'anything'
}

/** One case for all options of a command that take the same. */
function bashValueCases(command: string, options: readonly OptionLine[]): string[] {
  const patterns = new Map<string, string[]>()
  for (const { flags, value } of options) {
    if (value === undefined) continue
    const candidates = bashCandidates(value)
    patterns.set(candidates, [...(patterns.get(candidates) ?? []), ...flags.map((flag) => `${command}:${flag}`)])
  }
  return [...patterns].map(([candidates, words]) => `    ${words.join('|')}) operands=(${candidates}) ;;`)
}

/** Arguments of `compgen`. */
function bashCandidates(candidates: Candidates): string {
  if (candidates === 'file') return '-f'
  if (candidates === 'directory') return '-d'
  return `-W "${candidates === 'anything' ? '' : candidates.join(' ')}"`
}

function fishOption({ flags, description, value }: OptionLine): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ')
  const candidates = value === undefined ? '' : ` -r${fishCandidates(value)}`
  return `${names}${candidates} -d '${fishText(description)}'`
}

function fishCandidates(candidates: Candidates): string {
  if (candidates === 'file') return ' -F'
  if (candidates === 'anything') return ' -f'
  return ` -f -a '${candidates === 'directory' ? '(__fish_complete_directories)' : candidates.join(' ')}'`
}

function zshValue({ value }: OptionLine): string {
  return value === undefined ? '' : `:value:${zshCandidates(value)}`
}

/** An action of `_arguments`. */
function zshCandidates(candidates: Candidates): string {
  if (candidates === 'file') return '_files'
  if (candidates === 'directory') return '_files -/'
  return candidates === 'anything' ? '' : `(${candidates.join(' ')})`
}

function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll('[', '\\[').replaceAll(']', '\\]').replaceAll(':', '\\:')
}

function fishText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
}

function functionName(name: string): string {
  return name.replaceAll('-', '_')
}
