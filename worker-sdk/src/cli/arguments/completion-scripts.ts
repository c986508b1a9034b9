/** Responsible for the scripts with which each shell asks the program for completions. */
import { programName } from './command.ts'
import { shells } from '../table/worker.ts'

export type Shell = (typeof shells)[number]
export const isShell = (text: string): text is Shell => shells.some((shell) => shell === text)

/** The program is called as the user typed it, so that a path or an alias completes for itself. */
const bash = `# bash completion for ${programName}
_modelreins_worker() {
  local line IFS=$'\\n'
  local -a words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  # bash splits --flag=value at the = sign; the program wants it whole.
  local -a joined=()
  local word
  for word in "\${words[@]}"; do
    if [[ \${#joined[@]} -gt 0 && ( $word == = || \${joined[-1]} == *= ) ]]; then joined[-1]+=$word; else joined+=("$word"); fi
  done
  while IFS= read -r line; do
    case $line in
      :files) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")) ;;
      :folders) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- "\${COMP_WORDS[COMP_CWORD]}")) ;;
      *) line=\${line%%$'\\t'*}
         if [[ $line == --*=* ]]; then line=\${line#*=}; fi
         COMPREPLY+=("$line") ;;
    esac
  done < <("$1" __complete -- "\${joined[@]}" 2>/dev/null)
}
complete -F _modelreins_worker ${programName}
`

const zsh = `#compdef ${programName}
_modelreins_worker() {
  local line text about
  local -a described
  for line in "\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :files) _files; return ;;
      :folders) _files -/; return ;;
      '') ;;
      *)
        text=\${line%%$'\\t'*}
        about=\${line#*$'\\t'}
        [[ $about == $line ]] && about=''
        described+=("\${text//:/\\\\:}\${about:+:$about}") ;;
    esac
  done
  (( \${#described} )) && _describe '${programName}' described
}
if [[ $funcstack[1] == _modelreins-worker ]]; then _modelreins_worker "$@"; else compdef _modelreins_worker ${programName}; fi
`

const fish = `# fish completion for ${programName}
function __modelreins_worker_complete
  set -l tokens (commandline -opc)
  set -l program $tokens[1]
  set -l words $tokens[2..-1] (commandline -ct)
  for line in ($program __complete -- $words 2>/dev/null)
    switch $line
      case ':files'
        __fish_complete_path (commandline -ct)
      case ':folders'
        __fish_complete_directories (commandline -ct)
      case '*'
        echo $line
    end
  end
end
complete -c ${programName} -f -a '(__modelreins_worker_complete)'
`

const powershell = `# PowerShell completion for ${programName}
Register-ArgumentCompleter -Native -CommandName ${programName} -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
  $program = $commandAst.CommandElements[0].ToString()
  # An empty last argument would be dropped on its way to a program.
  $last = if ($wordToComplete) { @($wordToComplete) } else { @('""') }
  & $program __complete -- @words @last 2>$null | ForEach-Object {
    $text, $about = $_ -split "\`t", 2
    if ($text -eq ':files' -or $text -eq ':folders') {
      Get-ChildItem -Path "$wordToComplete*" -ErrorAction SilentlyContinue | Where-Object { $text -eq ':files' -or $_.PSIsContainer } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_.Name, $_.Name, 'ProviderItem', $_.FullName)
      }
    } else {
      $tip = if ($about) { $about } else { $text }
      [System.Management.Automation.CompletionResult]::new($text, $text, 'ParameterValue', $tip)
    }
  }
}
`

const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish, powershell }
export const completionScript = (shell: Shell): string => scripts[shell]
