/** Responsible for the command that starts a worker, complete except for the token. */

export interface ProviderHint {
  readonly name: string
  readonly runs: string
  readonly flags: string
}

export const providerHints: readonly ProviderHint[] = [
  { name: 'claude', runs: 'Claude Code', flags: '' },
  { name: 'codex', runs: 'Codex CLI', flags: '' },
  { name: 'aider', runs: 'Aider', flags: '' },
  { name: 'ollama-http', runs: 'Ollama', flags: ' --model llama3.2' },
  { name: 'lmstudio', runs: 'LM Studio', flags: '' },
  { name: 'nocturne', runs: 'a Nocturne endpoint', flags: ' --endpoint http://localhost:9000' },
  { name: 'onemin', runs: '1min.ai', flags: '' },
  { name: 'http', runs: 'any OpenAI-compatible server', flags: ' --endpoint http://localhost:8000/v1' },
  { name: 'playwright', runs: 'a browser', flags: '' },
  { name: 'spawn', runs: 'any command', flags: " --command './handle-job.sh'" },
]

/** The worker asks for the token without echoing it, or takes it from the link, so that it is in no command line and no shell history. */
export const commandFor = (server: string, name: string, hint: ProviderHint): string =>
  [
    `npx modelreins-worker config set server ${server}`,
    'npx modelreins-worker config set token      # asks for it; the link does too',
    `npx modelreins-worker --name ${name} --provider ${hint.name}${hint.flags}`,
  ].join('\n')
