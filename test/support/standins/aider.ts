/**
 * Responsible for printing what aider 0.86 prints with `--message-file ... --no-pretty`; like aider, it exits with 0 even when the model's API
 * failed.
 */
import { readFileSync } from 'node:fs'
import { args, becomeStubborn, logStart, say, scenario } from './standin.ts'

const banner = [
  '',
  'Aider v0.86.2',
  'Main model: openai/gpt-4o with diff edit format',
  'Weak model: gpt-4o-mini',
  'Git repo: none',
  'Repo-map: disabled',
  '',
]

if (args.includes('--version')) say('aider 0.86.2')
else {
  const file = args[args.indexOf('--message-file') + 1] ?? ''
  logStart(readFileSync(file, 'utf8'))
  switch (scenario) {
    case 'ok':
      say(
        'Warning: something about the terminal',
        ...banner,
        'I changed hello.py.',
        'Applied edit to hello.py',
        'Tokens: 1.9k sent, 1,204 received. Cost: $0.0048 message, $0.0048 session.',
      )
      break
    case 'retry':
      say(
        ...banner,
        'litellm.RateLimitError: RateLimitError: OpenAIException - Rate limit reached',
        'The API provider has rate limited you. Try again later or check your quotas.',
        'Retrying in 0.2 seconds...',
        'Here you are.',
        'Tokens: 2.5k sent, 12 cache hit, 7 received.',
      )
      break
    case 'login':
      say(
        ...banner,
        'litellm.AuthenticationError: AuthenticationError: OpenAIException - Incorrect API key provided',
        'The API provider is not able to authenticate you. Check your API key.',
        '',
      )
      break
    default:
      becomeStubborn((pids) => say(...banner, `pids ${pids.join(' ')} `))
  }
}
