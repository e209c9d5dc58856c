// Completion scripts for bash, zsh and fish, made from the descriptions of the commands.

import { commonOptions, isGroup, optionName } from './command.ts'
import type { Command, Node } from './command.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

export const completionScript = (shell: Shell, nodes: readonly Node[]): string => ({ bash, zsh, fish })[shell](nodes)

const leaves = (nodes: readonly Node[]): readonly Command[] =>
  nodes.flatMap((node) => (isGroup(node) ? node.commands : [node]))
const optionsOf = (command: Command): readonly (readonly [string, Command['options'][string]])[] =>
  [...Object.entries(command.options), ...Object.entries(commonOptions)].map(
    ([name, option]) => [`--${optionName(name)}`, option] as const,
  )
const subcommands = (
  nodes: readonly Node[],
): readonly (readonly [string, readonly (readonly [string, string])[]])[] => [
  ['', nodes.map(({ name, summary }) => [name, summary] as const)],
  ...nodes
    .filter(isGroup)
    .map(
      ({ name, commands }) =>
        [name, commands.map((one) => [one.name.slice(name.length + 1), one.summary] as const)] as const,
    ),
]

const bash = (nodes: readonly Node[]): string => {
  const paths = [
    ...nodes.map(({ name }) => ` ${name}`),
    ...nodes.filter(isGroup).flatMap(({ commands }) => commands.map(({ name }) => name)),
  ]
  const choices = leaves(nodes).flatMap((command) =>
    optionsOf(command).flatMap(([name, { choices: words }]) =>
      words === undefined
        ? []
        : [`    '${command.name} ${name}') COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$current")); return ;;`],
    ),
  )
  const words = subcommands(nodes).map(
    ([path, names]) =>
      `    '${path}') COMPREPLY=($(compgen -W '${names.map(([name]) => name).join(' ')}' -- "$current")) ;;`,
  )
  const options = leaves(nodes).map(
    (command) =>
      `    '${command.name}') [[ $current == -* ]] && COMPREPLY=($(compgen -W '${optionsOf(command)
        .map(([name]) => name)
        .join(' ')}' -- "$current")) ;;`,
  )
  return `# bash completion of puretls. In ~/.bashrc:  source <(puretls completion bash)
_puretls() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
      ${paths.map((path) => `'${path}'`).join(' | ')}) path="\${path:+$path }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path $previous" in
${choices.length === 0 ? '    *) ;;' : choices.join('\n')}
  esac
  case "$path" in
${[...words, ...options].join('\n')}
  esac
}
complete -o default -o bashdefault -F _puretls puretls
`
}

/** Within single quotes of zsh and fish. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
/** `_describe` and `_arguments` cut at colons and brackets. */
const plain = (text: string): string => text.replace(/[[\]\\]/g, '').replaceAll(':', '\\:')

const zsh = (nodes: readonly Node[]): string => {
  const menus = subcommands(nodes).map(
    ([path, names]) =>
      `    ${quoted(path)}) ` +
      `words_of=(${names.map(([name, summary]) => quoted(`${name}:${plain(summary)}`)).join(' ')}); ` +
      '_describe command words_of ;;',
  )
  const options = leaves(nodes).map((command) => {
    const specs = optionsOf(command).map(([name, option]) => {
      const value =
        option.kind === 'flag'
          ? ''
          : option.choices === undefined
            ? `:${plain(option.value ?? 'value')}:_files`
            : `:value:(${option.choices.join(' ')})`
      return quoted(`*${name}[${plain(option.help)}]${option.kind === 'optional' ? `:${value}` : value}`)
    })
    return `    ${quoted(command.name)}) _arguments -S ${specs.join(' ')} '*:file:_files' ;;`
  })
  const paths = [
    ...nodes.map(({ name }) => ` ${name}`),
    ...nodes.filter(isGroup).flatMap(({ commands }) => commands.map(({ name }) => name)),
  ]
  return `#compdef puretls
# zsh completion of puretls. In ~/.zshrc, after compinit:  source <(puretls completion zsh)
_puretls() {
  local path_of='' i
  local -a words_of
  for ((i = 2; i < CURRENT; i++)); do
    case "$path_of \${words[i]}" in
      ${paths.map(quoted).join(' | ')}) path_of="\${path_of:+$path_of }\${words[i]}" ;;
    esac
  done
  case "$path_of" in
${[...menus, ...options].join('\n')}
  esac
}
compdef _puretls puretls
`
}

const fish = (nodes: readonly Node[]): string => {
  const menus = subcommands(nodes).flatMap(([path, names]) =>
    names.map(
      ([name, summary]) =>
        `complete -c puretls -f -n ${quoted(`__puretls_at ${quoted(path).replaceAll("'", '"')}`)} -a ` +
        `${quoted(name)} -d ${quoted(summary)}`,
    ),
  )
  const options = leaves(nodes).flatMap((command) =>
    optionsOf(command).map(([name, option]) =>
      [
        `complete -c puretls -n ${quoted(`__puretls_at "${command.name}"`)} -l ${name.slice(2)}`,
        ...(option.short === undefined ? [] : [`-s ${option.short}`]),
        ...(option.kind === 'flag' || option.kind === 'optional'
          ? []
          : option.choices === undefined
            ? ['-r']
            : [`-x -a ${quoted(option.choices.join(' '))}`]),
        `-d ${quoted(option.help)}`,
      ].join(' '),
    ),
  )
  const paths = leaves(nodes).map(({ name }) => name)
  const groups = nodes.filter(isGroup).map(({ name }) => name)
  return `# fish completion of puretls. In ~/.config/fish/config.fish:  puretls completion fish | source
function __puretls_at
  set -l words (commandline -opc)[2..-1]
  set -l path ''
  for word in $words
    set -l longer (string trim -- "$path $word")
    contains -- "$longer" ${[...paths, ...groups].map(quoted).join(' ')}; and set path $longer
  end
  test "$path" = "$argv[1]"
end
${[...menus, ...options].join('\n')}
`
}
