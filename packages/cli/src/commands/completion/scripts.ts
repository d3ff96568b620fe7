import type { Command, Option } from 'commander'

/** A command line as completion needs it. */
export interface CommandLine {
  readonly name: string
  readonly globalOptions: readonly OptionLine[]
  readonly commands: readonly { readonly name: string; readonly summary: string; readonly options: readonly OptionLine[] }[]
}

export interface OptionLine {
  readonly flags: readonly string[]
  readonly description: string
  readonly takesValue: boolean
  readonly choices: readonly string[]
}

/** Reads commands and options off the program itself, so that completion cannot fall behind it. */
export function commandLine(program: Command): CommandLine {
  return {
    name: program.name(),
    globalOptions: program.options.map(optionLine),
    commands: program.commands.map((command) => ({
      name: command.name(),
      summary: command.summary(),
      options: command.options.map(optionLine),
    })),
  }
}

export function bashCompletion({ name, globalOptions, commands }: CommandLine): string {
  const words = (options: readonly OptionLine[]) => options.flatMap(({ flags }) => flags).join(' ')
  const cases = commands.map((command) => `    ${command.name}) options="${words([...command.options, ...globalOptions])}" ;;`)
  const choiceCase = (command: string) => (option: OptionLine) =>
    `    ${option.flags.map((flag) => `${command}:${flag}`).join('|')}) COMPREPLY=($(compgen -W "${option.choices.join(' ')}" -- "$current")); return ;;`
  const hasChoices = ({ choices }: OptionLine) => choices.length > 0
  const choiceCases = [
    ...commands.flatMap((command) => command.options.filter(hasChoices).map(choiceCase(command.name))),
    ...globalOptions.filter(hasChoices).map(choiceCase('*')),
  ]
  return `# bash completion for ${name}
_${functionName(name)}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" options="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) command="$word"; break ;; esac
  done
  case "$command:$previous" in
${choiceCases.join('\n')}
  esac
  case "$command" in
    "") options="${commands.map((command) => command.name).join(' ')} ${words(globalOptions)} --help --version" ;;
${cases.join('\n')}
  esac
  if [[ "$current" == -* || -z "$command" ]]; then
    COMPREPLY=($(compgen -W "$options --help" -- "$current"))
  else
    COMPREPLY=($(compgen -d -- "$current"))
  fi
}
complete -o filenames -F _${functionName(name)} ${name}
`
}

export function zshCompletion({ name, globalOptions, commands }: CommandLine): string {
  const spec = (option: OptionLine) =>
    option.flags.map((flag) => `'${flag}[${zshText(option.description)}]${zshValue(option)}'`).join(' ')
  const cases = commands.map((command) => {
    const specs = [...command.options, ...globalOptions].map(spec).join(' ')
    return `      ${command.name}) _arguments ${specs} '*:directory:_files -/' ;;`
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
    lines.push(`complete -c ${name} ${condition} -a '(__fish_complete_directories)'`)
  }
  for (const option of globalOptions) lines.push(`complete -c ${name} ${fishOption(option)}`)
  return `${lines.join('\n')}\n`
}

function optionLine(option: Option): OptionLine {
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
  }
}

function fishOption({ flags, description, takesValue, choices }: OptionLine): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ')
  const value = choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : takesValue ? ' -r' : ''
  return `${names}${value} -d '${fishText(description)}'`
}

function zshValue({ takesValue, choices }: OptionLine): string {
  if (choices.length > 0) return `:value:(${choices.join(' ')})`
  return takesValue ? ':value:' : ''
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
