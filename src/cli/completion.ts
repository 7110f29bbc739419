// mpm completion: what a shell offers behind `mpm`, as a script for bash, zsh or fish.
// - One table feeds all three; a test holds it against what --help says.

import { parseArgs } from "node:util";
import { EXIT, type Io, UsageError } from "./terminal.ts";

const HELP = `mpm completion bash | zsh | fish

Prints a script that completes verbs and options. For good:

  bash   mpm completion bash > ~/.local/share/bash-completion/completions/mpm
  zsh    mpm completion zsh > a directory of $fpath/_mpm
  fish   mpm completion fish > ~/.config/fish/completions/mpm.fish

For this shell alone: eval "$(mpm completion bash)", and so with zsh; mpm completion fish | source
`;

/** What may follow each verb: its own verbs, and its options. */
export const WORDS: Readonly<Record<string, readonly string[]>> = {
  install: ["--user", "--project", "--local", "--events", "--dry-run", "--try", "--host-version"],
  uninstall: ["--user", "--project", "--local", "--purge", "--dry-run"],
  doctor: ["--fix", "--json"],
  status: ["--json"],
  tail: ["--session", "--event", "--json"],
  events: ["--json", "--session", "--event", "--since", "--limit", "--follow"],
  monitor: ["start", "stop", "status", "open", "token", "--port", "--host", "--allow-remote", "--rotate", "--json"],
  relay: ["--once"],
  replay: ["--dry-run"],
  agents: [
    "list",
    "show",
    "validate",
    "deploy",
    "clean",
    "--project",
    "--json",
    "--exclude",
    "--dry-run",
    "--force",
    "--verbose",
    "--all",
  ],
  run: ["--monitor", "--websocket-port", "--input", "--no-agents", "--no-browser", "--verbose"],
  config: ["list", "get", "set", "unset", "--json"],
  pause: [],
  resume: [],
  completion: ["bash", "zsh", "fish"],
};
const VERBS = Object.keys(WORDS);

const SCRIPTS: Readonly<Record<string, () => string>> = {
  bash: () => `# bash completion for mpm
_mpm() {
  local words
  case \${COMP_CWORD}:\${COMP_WORDS[1]} in
    1:*) words='${VERBS.join(" ")} --help --version' ;;
${cases()}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _mpm mpm
`,
  zsh: () => `#compdef mpm
_mpm() {
  local words_of_mpm
  case $((CURRENT - 1)):\${words[2]} in
    1:*) words_of_mpm='${VERBS.join(" ")} --help --version' ;;
${cases().replaceAll("words=", "words_of_mpm=")}
  esac
  compadd -- \${(z)words_of_mpm} || _files
}
if [ "$funcstack[1]" = _mpm ]; then _mpm "$@"; else compdef _mpm mpm; fi # read by the first completion, or by eval
`,
  fish: () => `# fish completion for mpm
complete -c mpm -n __fish_use_subcommand -f -a '${VERBS.join(" ")}'
complete -c mpm -l help
${VERBS.flatMap(linesForFish).join("\n")}
`,
};

export async function completion(args: string[], { out }: Io): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h" } },
  });
  if (values.help) {
    await out(HELP);
    return EXIT.done;
  }
  const [shell = "", ...rest] = positionals;
  const script = Object.hasOwn(SCRIPTS, shell) && rest.length === 0 ? SCRIPTS[shell] : undefined;
  if (!script) throw new UsageError(`mpm completion knows ${Object.keys(SCRIPTS).join(", ")}, one at a time.`);
  await out(script());
  return EXIT.done;
}

/** For bash and zsh alike. */
function cases(): string {
  return VERBS.map((verb) => `    *:${verb}) words='${[...(WORDS[verb] ?? []), "--help"].join(" ")}' ;;`).join("\n");
}

function linesForFish(verb: string): string[] {
  const behind = `complete -c mpm -n '__fish_seen_subcommand_from ${verb}'`;
  const all = WORDS[verb] ?? [];
  const verbs = all.filter((word) => !word.startsWith("--"));
  return [
    ...(verbs.length > 0 ? [`${behind} -f -a '${verbs.join(" ")}'`] : []),
    ...all.filter((word) => word.startsWith("--")).map((word) => `${behind} -l ${word.slice(2)}`),
  ];
}
