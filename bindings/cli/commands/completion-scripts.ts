// The scripts that shells take. Each asks `sixplane __complete` for what may stand at the cursor: see completion.ts.

const BASH = `# bash completion for sixplane
_sixplane() {
  local line=\${COMP_LINE:0:COMP_POINT} words candidate
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  local current=\${words[\${#words[@]} - 1]}
  # Of a word with = or : in it, bash replaces the last part only.
  local kept=\${current%"\${current##*[=:]}"}
  COMPREPLY=()
  compopt +o default 2>/dev/null
  while IFS=$'\\t' read -r candidate _; do
    case $candidate in
      :files) compopt -o default ;;
      :folders) compopt -o dirnames ;;
      *) COMPREPLY+=("\${candidate#"$kept"}") ;;
    esac
  done < <(sixplane __complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _sixplane sixplane
`;

const ZSH = `#compdef sixplane
_sixplane() {
  local line
  local -a candidates
  for line in "\${(@f)$(sixplane __complete -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) compset -P '--*='; _files; return ;;
      :folders) compset -P '--*='; _path_files -/; return ;;
      *$'\\t'*) candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) candidates+=("\${line//:/\\\\:}") ;;
    esac
  done
  _describe sixplane candidates
}
if [[ $funcstack[1] == _sixplane ]]; then
  _sixplane "$@"
else
  compdef _sixplane sixplane
fi
`;

const FISH = `# fish completion for sixplane
function __sixplane_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l option (string match -r -- '^--[^=]+=' "$current")
    set -l path (string replace -- "$option" '' "$current")
    for line in (sixplane __complete -- $words[2..] "$current" 2>/dev/null)
        switch $line
            case :files
                printf "$option%s\\n" (__fish_complete_path "$path")
            case :folders
                printf "$option%s\\n" (__fish_complete_directories "$path")
            case '*'
                echo $line
        end
    end
end
complete -c sixplane -f -a '(__sixplane_complete)'
`;

/** By the name of the shell. */
export const SCRIPTS: ReadonlyMap<string, string> = new Map([
  ["bash", BASH],
  ["zsh", ZSH],
  ["fish", FISH],
]);
