/** Completion for bash. */

import type { Place, Value } from './places.ts';

/** The script; bash reads it with `source`. */
export function bashScript(places: readonly Place[]): string {
  return `# Completion for usher in bash: usher completion bash

_usher() {
  local cur=\${COMP_WORDS[COMP_CWORD]} at=usher skip=0 args=0 i word
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((skip)); then
      skip=0
      continue
    fi
    case "$at $word" in
${places.flatMap(groupsOf).join('\n')}
      *)
        case $word in
          -*) _usher_value "$at $word" && skip=1 ;;
          *) ((args += 1)) ;;
        esac
        ;;
    esac
  done
  if ((skip)); then
    _usher_value "$at $word" "$cur"
    return
  fi
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$(_usher_options "$at")" -- "$cur"))
    return
  fi
  case "$at $args" in
${places.flatMap(argumentsOf).join('\n')}
  esac
}

_usher_options() {
  case $1 in
${places.map(optionsOf).join('\n')}
  esac
}

# Whether an option takes a value; with a second parameter, completes it.
_usher_value() {
  local cur=\${2-}
  case $1 in
${places.flatMap(valuesOf).join('\n')}
    *) return 1 ;;
  esac
  return 0
}

_usher_ids() {
  # Without the quote that begins a word with blanks.
  local ids text=\${1#[\\'\\"]}
  ids=$("\${COMP_WORDS[0]}" complete-ids "$text" 2>/dev/null | cut -f1)
  COMPREPLY=($ids)
}

complete -F _usher usher
`;
}

function groupsOf({ path, commands }: Place): string[] {
  return commands.map(({ name }) => `      '${path} ${name}') at='${path} ${name}' args=0 ;;`);
}

function argumentsOf({ path, commands, values }: Place): string[] {
  if (commands.length > 0) {
    const words = commands.map(({ name }) => name).join(' ');
    return [`    '${path} 0') ${complete({ words: [words] }, '$cur')} ;;`];
  }
  return values.map((value, n) => `    '${path} ${n}') ${complete(value, '$cur')} ;;`);
}

function optionsOf({ path, options }: Place): string {
  return `    '${path}') echo '${options.map(({ flag }) => flag).join(' ')}' ;;`;
}

function valuesOf({ path, options }: Place): string[] {
  return options.flatMap(({ flag, value }) =>
    value === undefined
      ? []
      : [`    '${path} ${flag}') [[ $# -lt 2 ]] || ${complete(value, '$cur')} ;;`],
  );
}

function complete(value: Value, current: string): string {
  if (value === 'ids') return `_usher_ids "${current}"`;
  // Bash quotes the names that it completes by itself, such as those with blanks.
  if (value === 'files') return 'compopt -o default 2>/dev/null';
  if (value === 'nothing') return ':';
  return `COMPREPLY=($(compgen -W '${value.words.join(' ')}' -- "${current}"))`;
}
