/**
 * Responsible for what children are left when this process is killed without a chance to end them: a shell beside it notices that its input has
 * closed and ends their process groups.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'

/** Lines "+ GROUP" and "- GROUP"; at the end of the input TERM, and KILL for whoever ignores it. POSIX shell without any program but sleep. */
const script = `
trap '' HUP INT QUIT TERM
groups=' '
while read -r sign group; do
  case "$sign$groups" in
    +*) groups="$groups$group " ;;
    -*" $group "*) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
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

/** Tells of one group: from then on it ends when this process does, however it ends; until the returned function is called. */
export type WatchGroup = (group: number) => () => void

/**
 * Starts the watcher where there is none yet. Called before a child is started, and the answer right after: a kill between the two leaves
 * the child alone, so nothing slow may stand there.
 */
export function prepareWatch(): WatchGroup {
  const beside = watcherProcess()
  return (group) => {
    beside?.stdin?.write(`+ ${group}\n`)
    // To the one that was told: another would not know the group.
    return () => void beside?.stdin?.write(`- ${group}\n`)
  }
}
