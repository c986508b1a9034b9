/**
 * Responsible for what children are left when this process is killed without a chance to end them: a shell beside it notices that its input has
 * closed and ends their process groups.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'

/**
 * Lines: "? MARK", a child with this mark in its environment is about to be started; "! MARK", it was not; "+ GROUP MARK", it was, and leads this
 * group; "- GROUP", all of it has ended. At the end of the input TERM, and KILL for whoever ignores it. Who was being started just then is found by
 * the mark, on Linux: a child holds the other end of the input until its program begins, so by now its environment is there to be read. POSIX
 * shell without any program but grep and sleep.
 */
const script = `
trap '' HUP INT QUIT TERM
groups=' '
marks=' '
without() {
  case "$1" in
    *" $2 "*) rest="\${1%% $2 *} \${1#* $2 }" ;;
    *) rest="$1" ;;
  esac
}
while read -r sign name mark; do
  case "$sign" in
    '?') marks="$marks$name " ;;
    '!') without "$marks" "$name"; marks="$rest" ;;
    '+') groups="$groups$name "; without "$marks" "$mark"; marks="$rest" ;;
    '-') without "$groups" "$name"; groups="$rest" ;;
  esac
done
for mark in $marks; do
  for place in $(grep -ls -- "$mark" /proc/[0-9]*/environ 2>/dev/null); do
    place="\${place#/proc/}"
    groups="$groups\${place%/environ} "
  done
done
for group in $groups; do kill -s TERM -- "-$group" 2>/dev/null && left=1; done
[ -z "$left" ] || sleep 2
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
`

let watcher: ChildProcess | undefined

/** One for the process, started with its first child. Undefined where there is no such shell. */
function watcherProcess(): ChildProcess | undefined {
  if (watcher !== undefined || process.platform === 'win32') return watcher
  try {
    // A session of its own: what is sent to our group must not reach it first. It gets nothing of our environment but where programs are.
    const started = spawn('/bin/sh', ['-c', script, 'modelreins-worker'], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      env: { PATH: process.env['PATH'] },
    })
    const forget = (): void => {
      if (watcher === started) watcher = undefined
    }
    started.on('error', forget)
    started.on('exit', forget)
    started.stdin.on('error', forget)
    // It must not keep this process from ending.
    started.unref()
    if (started.stdin instanceof Socket) started.stdin.unref()
    watcher = started
  } catch {
    // Without it children may outlive a SIGKILL, as they would without us.
  }
  return watcher
}

/** A child that is about to be started. */
export interface WatchedStart {
  /** It was, and leads this group: from then on it ends when this process does, however it ends; until the returned function is called. */
  leads(group: number): () => void
  /** It was not. */
  failed(): void
}

/**
 * To be called before a child is started with this mark in its environment. Starts the watcher where there is none yet. Where the system does
 * not show environments (macOS), a kill before `leads` is called leaves the child alone, so nothing slow may stand there.
 */
export function watchStart(mark: string): WatchedStart {
  // To the one that was told: another would not know of it.
  const beside = watcherProcess()
  const tell = (line: string): void => void beside?.stdin?.write(`${line}\n`)
  tell(`? ${mark}`)
  return {
    leads: (group) => {
      tell(`+ ${group} ${mark}`)
      return () => tell(`- ${group}`)
    },
    failed: () => tell(`! ${mark}`),
  }
}
