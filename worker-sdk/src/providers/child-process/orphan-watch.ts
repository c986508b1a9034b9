/**
 * Responsible for ending child processes when this process is killed without a chance to end them: a separate shell notices that its input has closed
 * and ends their process groups.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'

/**
 * Input lines: "? MARK", a child with this mark in its environment is about to be started; "! MARK", the start failed; "+ GROUP MARK", the child was
 * started and leads this group; "- GROUP", the whole group has ended. At the end of the input it sends TERM, and KILL to processes that ignore TERM.
 * On Linux it finds children that were just being started by their mark: a child holds the other end of the input until its program begins, so at
 * that point its environment can be read. POSIX shell, with no other programs than grep and sleep.
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

/** One watcher per process, started with the first child. Undefined where no such shell exists. */
function watcherProcess(): ChildProcess | undefined {
  if (watcher !== undefined || process.platform === 'win32') return watcher
  try {
    // Its own session, so that signals to our group do not reach it. It inherits only PATH.
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
    // It must not keep this process alive.
    started.unref()
    if (started.stdin instanceof Socket) started.stdin.unref()
    watcher = started
  } catch {
    // Without the watcher, children may survive a SIGKILL of this process.
  }
  return watcher
}

/** A child that is about to be started. */
export interface WatchedStart {
  /** The child was started and leads this group. From now on it is ended when this process ends in any way, until the returned function is called. */
  leads(group: number): () => void
  /** The start failed. */
  failed(): void
}

/**
 * Must be called before a child with this mark in its environment is started. Starts the watcher if there is none. Where the system does not show
 * environments (macOS), a kill before `leads` is called leaves the child running, so nothing slow may happen in between.
 */
export function watchStart(mark: string): WatchedStart {
  // Keeps the watcher that was told about the start: a newer one would not know about it.
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
