/** Completion for zsh. */

import type { Place, Value } from './places.ts';

/** The script; zsh reads it with `source`, or as a file \`_usher\` in its \`fpath\`. */
export function zshScript(places: readonly Place[]): string {
  return `#compdef usher
# Completion for usher in zsh: usher completion zsh

_usher() {
  local cur=\${words[CURRENT]} at=usher word
  local -i skip=0 args=0 i
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    if ((skip)); then
      skip=0
      continue
    fi
    case "$at $word" in
${places.flatMap(groupsOf).join('\n')}
      *)
        case $word in
          -*) _usher_takes "$at $word" && skip=1 ;;
          *) ((args += 1)) ;;
        esac
        ;;
    esac
  done
  if ((skip)); then
    _usher_value "$at $word"
    return
  fi
  local -a found
  if [[ $cur == -* ]]; then
    case $at in
${places.map(optionsOf).join('\n')}
    esac
    _describe -o option found
    return
  fi
  case "$at $args" in
${places.flatMap(argumentsOf).join('\n')}
  esac
}

_usher_takes() {
  case $1 in
${places.flatMap(takersOf).join('\n')}
    *) return 1 ;;
  esac
}

_usher_value() {
  case $1 in
${places.flatMap(valuesOf).join('\n')}
  esac
}

_usher_ids() {
  local -a ids names
  local id name
  "\${words[1]}" complete-ids "\${words[CURRENT]}" 2>/dev/null | while IFS=$'\\t' read -r id name; do
    ids+=("$id")
    names+=("$id  $name")
  done
  compadd -U -V ids -l -d names -a ids
}

if [[ $funcstack[1] == _usher ]]; then
  _usher "$@"
else
  compdef _usher usher
fi
`;
}

function groupsOf({ path, commands }: Place): string[] {
  return commands.map(({ name }) => `      '${path} ${name}') at='${path} ${name}' args=0 ;;`);
}

function described(words: readonly { name: string; text: string }[]): string {
  return words.map(({ name, text }) => quoted(`${name}:${text.replaceAll(':', '\\:')}`)).join(' ');
}

function optionsOf({ path, options }: Place): string {
  const words = options.map(({ flag, text }) => ({ name: flag, text }));
  return `      '${path}') found=(${described(words)}) ;;`;
}

function argumentsOf({ path, commands, values }: Place): string[] {
  if (commands.length > 0) {
    return [`    '${path} 0') found=(${described(commands)}) && _describe command found ;;`];
  }
  return values.map((value, n) => `    '${path} ${n}') ${complete(value)} ;;`);
}

function takersOf({ path, options }: Place): string[] {
  const taking = options.filter(({ value }) => value !== undefined);
  const patterns = taking.map(({ flag }) => `'${path} ${flag}'`);
  return patterns.length === 0 ? [] : [`    ${patterns.join(' | ')}) return 0 ;;`];
}

function valuesOf({ path, options }: Place): string[] {
  return options.flatMap(({ flag, value }) =>
    value === undefined ? [] : [`    '${path} ${flag}') ${complete(value)} ;;`],
  );
}

function complete(value: Value): string {
  if (value === 'ids') return '_usher_ids';
  if (value === 'files') return '_files';
  return value === 'nothing' ? ':' : `compadd ${value.words.join(' ')}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
