/** Responsible for printing what `codex exec --json` prints (codex-cli 0.169). */
import { args, becomeStubborn, logStart, readStdin, say, scenario } from './standin.ts'

const item = (value: object): object => ({ type: 'item.completed', item: value })
const message = (words: string): object => item({ id: 'item_9', type: 'agent_message', text: words })
const done = { type: 'turn.completed', usage: { input_tokens: 24763, cached_input_tokens: 24448, output_tokens: 122 } }
const begin = [{ type: 'thread.started', thread_id: '01a1fba9-d498-7a62-9747-ed0ff9f88c16' }, { type: 'turn.started' }]

if (args.includes('--version')) say('codex-cli 0.169.0')
else if (args[0] === 'login') {
  process.stderr.write(scenario === 'login' ? 'Not logged in\n' : 'Logged in using ChatGPT\n')
  process.exitCode = scenario === 'login' ? 1 : 0
} else {
  const stdin = readStdin()
  logStart(stdin)
  process.stderr.write('WARNING: model metadata not found, using defaults\n')
  switch (scenario) {
    case 'ok':
      say(
        ...begin,
        item({ id: 'item_0', type: 'reasoning', text: '**Looking around**' }),
        { type: 'item.started', item: { id: 'item_1', type: 'command_execution', command: 'bash -lc ls', status: 'in_progress' } },
        item({
          id: 'item_1',
          type: 'command_execution',
          command: 'bash -lc ls',
          aggregated_output: 'a.txt\n',
          exit_code: 0,
          status: 'completed',
        }),
        message('First I look.'),
        { type: 'error', message: 'Reconnecting... 1/5' },
        message('One file: a.txt'),
        done,
      )
      break
    case 'limit': {
      const words = "You've hit your usage limit. Upgrade to Pro or try again in 3 days 4 hours 12 minutes."
      say(...begin, { type: 'error', message: words }, { type: 'turn.failed', error: { message: words } })
      process.exitCode = 1
      break
    }
    case 'notice': // it gave up without ending the turn
      say(...begin, { type: 'error', message: 'stream disconnected before completion: error sending request' })
      process.exitCode = 1
      break
    default:
      becomeStubborn((pids) => say(...begin, message(`pids ${pids.join(' ')} `)))
  }
}
