/** Completion for fish. */

import type { Place, Value } from './places.ts';

/** The script; fish reads it with `source`, or from its folder `completions`. */
export function fishScript(places: readonly Place[]): string {
  return `# Completion for usher in fish: usher completion fish

# The command that was entered so far, and how many arguments it has: "usher token show 0".
function __usher_at
    set -l at usher
    set -l args 0
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch "$at $word"
${places.flatMap(groupsOf).join('\n')}
${takers(places)}
            case '* -*'
            case '*'
                set args (math $args + 1)
        end
    end
    echo "$at $args"
end

function __usher_in
    test (string replace -r ' \\d+$' '' -- (__usher_at)) = "$argv"
end

function __usher_takes
    test (__usher_at) = "$argv"
end

function __usher_ids
    set -l usher (commandline -opc)[1]
    $usher complete-ids (commandline -ct) 2>/dev/null
end

complete -c usher -f
${places.flatMap(linesOf).join('\n')}
`;
}

function groupsOf({ path, commands }: Place): string[] {
  return commands.map(
    ({ name }) =>
      `            case '${path} ${name}'\n                set at '${path} ${name}'\n                set args 0`,
  );
}

function takers(places: readonly Place[]): string {
  const patterns = places.flatMap(({ path, options }) =>
    options.filter(({ value }) => value !== undefined).map(({ flag }) => `'${path} ${flag}'`),
  );
  return `            case ${patterns.join(' ')}\n                set skip 1`;
}

function linesOf({ path, commands, options, values }: Place): string[] {
  const inside = `complete -c usher -n '__usher_in ${path}'`;
  const first = `complete -c usher -n '__usher_takes ${path} 0'`;
  return [
    ...commands.map(({ name, text }) => `${first} -a ${name} -d ${quoted(text)}`),
    ...options.map(
      ({ flag, text, value }) =>
        `${inside} -l ${flag.slice(2)}${value === undefined ? '' : suffixOf(value)} -d ${quoted(text)}`,
    ),
    ...values.map((value, n) => {
      return `complete -c usher -n '__usher_takes ${path} ${n}'${argumentOf(value)}`;
    }),
  ];
}

function suffixOf(value: Value): string {
  return value === 'files' ? ' -r -F' : ` -x${argumentOf(value)}`;
}

function argumentOf(value: Value): string {
  if (value === 'ids') return " -k -a '(__usher_ids)'";
  if (value === 'files') return ' -F';
  return value === 'nothing' ? '' : ` -a ${quoted(value.words.join(' '))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
