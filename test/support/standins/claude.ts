/** Responsible for printing what Claude Code 2.1 prints with `--output-format stream-json --verbose --include-partial-messages`. */
import { askPermission } from './mcp-client.ts'
import { args, becomeStubborn, logStart, readStdin, say, scenario } from './standin.ts'

const session_id = '38745857-579e-4de8-99b4-a3fa46edc570'
const init = {
  type: 'system',
  subtype: 'init',
  cwd: process.cwd(),
  session_id,
  tools: ['Bash', 'Read'],
  model: 'claude-opus-4-8',
  permissionMode: 'default',
  apiKeySource: 'none',
}
const piece = (event: object, parent: string | null = null): object => ({
  type: 'stream_event',
  event,
  session_id,
  parent_tool_use_id: parent,
  uuid: 'u',
})
const whole = (words: string, parent: string | null = null): object => ({
  type: 'assistant',
  message: { id: 'msg_1', role: 'assistant', model: 'claude-opus-4-8', content: [{ type: 'text', text: words }] },
  parent_tool_use_id: parent,
  session_id,
})
const text = (words: string, parent: string | null = null): object[] => [
  piece(
    {
      type: 'message_start',
      message: { id: 'msg_1', role: 'assistant', model: 'claude-opus-4-8', content: [], usage: { input_tokens: 10, output_tokens: 1 } },
    },
    parent,
  ),
  piece({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }, parent),
  ...words
    .split(/(?<= )/)
    .map((word) => piece({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: word } }, parent)),
  piece({ type: 'content_block_stop', index: 0 }, parent),
  whole(words, parent),
  piece({ type: 'message_stop' }, parent),
]
const result = (more: object): object => ({
  type: 'result',
  subtype: 'success',
  is_error: false,
  api_error_status: null,
  duration_ms: 1234,
  num_turns: 2,
  result: '',
  session_id,
  total_cost_usd: 0.0123,
  usage: { input_tokens: 10, cache_creation_input_tokens: 200, cache_read_input_tokens: 3000, output_tokens: 42 },
  modelUsage: { 'claude-haiku-4-5': { costUSD: 0.0001 }, 'claude-opus-4-8': { costUSD: 0.0122 } },
  permission_denials: [],
  ...more,
})
const failed = (words: string, more: object = {}): void => {
  say(init, whole(words), result({ is_error: true, result: words, total_cost_usd: 0, modelUsage: {}, ...more }))
  process.exitCode = 1
}

if (args.includes('--version')) say('2.1.197 (Claude Code)')
else if (args[0] === 'auth') {
  const loggedIn = scenario !== 'login'
  say(JSON.stringify({ loggedIn, authMethod: loggedIn ? 'claude.ai' : 'none', apiProvider: 'firstParty' }, null, 2))
  process.exitCode = loggedIn ? 0 : 1
} else {
  const stdin = readStdin()
  logStart(stdin)
  switch (scenario) {
    case 'ok': {
      const use = { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { command: 'ls' } }
      say(
        init,
        ...text('Let me look. '),
        { type: 'assistant', message: { id: 'msg_2', role: 'assistant', content: [use] }, parent_tool_use_id: null, session_id },
        ...text('a subagent thinks aloud', 'toolu_1'),
        {
          type: 'user',
          message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'a.txt' }] },
          session_id,
        },
        ...text('One file: ä.txt'),
        result({ result: 'One file: ä.txt' }),
      )
      break
    }
    case 'whole': // a version that sends no partial messages
      say(init, whole('All at once.'), result({ result: 'All at once.' }))
      break
    case 'text':
      say('Plain answer.')
      break
    case 'json':
      say(result({ result: 'Counted answer.' }))
      break
    case 'asks':
      void askPermission(args, 'Bash', { command: 'touch made.txt', timeout: 7 }).then((decision) =>
        say(init, whole(JSON.stringify(decision)), result({ result: JSON.stringify(decision) })),
      )
      break
    case 'limit':
      failed("You've hit your limit · resets 3pm (America/New_York)")
      break
    case 'login':
      failed('Not logged in · Please run /login')
      break
    case 'status':
      failed('API Error: Request rejected', { api_error_status: 429 })
      break
    case 'turns':
      say(init, result({ subtype: 'error_max_turns', is_error: true, result: undefined, errors: [] }))
      process.exitCode = 1
      break
    case 'crash':
      say(init)
      process.stderr.write('TypeError: boom\n')
      process.exitCode = 7
      break
    default:
      becomeStubborn((pids) => say(init, ...text(`pids ${pids.join(' ')} `)))
  }
}
