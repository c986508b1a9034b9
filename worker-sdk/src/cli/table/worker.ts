/** Responsible for the table's rows about this machine's worker: run, setup, config, doctor, service, completions. */
import type { Argument, Command } from '../arguments/command.ts'
import { dryRunFlag, jsonFlag, settingFlags, versionFlag } from './flags.ts'

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const
const key: Argument = { name: 'KEY', complete: 'config-key', about: 'Name of a setting' }
const pick = (...names: readonly string[]) => settingFlags.filter((flag) => names.includes(flag.name))

export const workerCommands: readonly Command[] = [
  {
    words: ['run'],
    about: 'Run a worker (default command)',
    details: [
      'Settings are read from flags, environment variables and the config file, in this order of precedence.',
      'A token on the command line is visible to other users of the machine. Prefer MODELREINS_TOKEN, or `config set token -`.',
      'First Ctrl-C drains: no new jobs, running ones finish. Second Ctrl-C stops at once: running jobs are handed back, their processes killed. SIGTERM drains for --grace-ms.',
      'Completions that cannot be delivered are kept in a file beside the config file and delivered after a restart.',
    ],
    flags: [
      ...settingFlags,
      { name: 'setup', about: 'Ask for server, token, name and provider, check them, and write the config file' },
      { name: 'verbose', short: 'v', about: 'Print the output of jobs' },
      { name: 'json', about: 'Print JSON, one line per event' },
      versionFlag,
    ],
    examples: [
      { line: '', about: 'Run with the settings of the config file' },
      { line: '--setup', about: 'Write the config file first' },
      {
        line: '--server https://reins.example.com --name my-worker --provider claude',
        about: 'Flags override the config file; the token comes from MODELREINS_TOKEN',
      },
      {
        line: "--provider spawn --command './handle-job.sh' --slots 4",
        about: 'Four jobs at a time, each the shell line with the prompt on stdin',
      },
      { line: '', before: 'DEBUG=modelreins:*', about: 'Debug log on stderr' },
    ],
  },
  {
    words: ['setup'],
    about: 'Ask for server, token, name and provider, check them, and write the config file',
    details: ['Also `modelreins-worker --setup`. A setting given as a flag is not asked for.'],
    flags: pick('server', 'token', 'name', 'provider', 'model', 'endpoint', 'command'),
    examples: [
      { line: 'setup', about: 'Interactive setup' },
      { line: 'setup --server http://localhost:8787 --provider claude', about: 'Two settings given as flags' },
    ],
  },
  {
    words: ['config', 'set'],
    about: 'Write a setting into the config file',
    details: [
      'The file is readable by its owner alone. Without VALUE a secret is prompted for; `-` reads it from standard input. Neither appears in the shell history.',
      '`token` and `admin_token` also accept a one-time view URL, which is opened once to store its token.',
    ],
    arguments: [key, { name: 'VALUE', optional: true, about: 'Value; `-`: read standard input' }],
    flags: [],
    examples: [
      { line: 'config set server https://reins.example.com', about: 'Address of the server' },
      { line: 'config set token -', about: 'Worker token from standard input' },
      { line: 'config set provider playwright', about: 'Provider that runs the jobs' },
    ],
  },
  {
    words: ['config', 'get'],
    about: 'Print one setting of the config file',
    arguments: [key],
    flags: [{ name: 'reveal', about: 'Print a secret unmasked' }],
    examples: [{ line: 'config get server', about: 'Print the address of the server' }],
  },
  {
    words: ['config', 'list'],
    about: 'Print the config file, secrets masked',
    flags: [jsonFlag],
    examples: [{ line: 'config list', about: 'Settings, and which of them the environment overrides' }],
  },
  {
    words: ['config', 'unset'],
    about: 'Remove a setting from the config file',
    arguments: [key],
    flags: [],
    examples: [{ line: 'config unset model', about: 'Use the default model of the provider' }],
  },
  {
    words: ['config', 'path'],
    about: 'Print the path of the config file',
    flags: [],
    examples: [{ line: 'config path', about: 'Print the path, whether or not the file exists' }],
  },
  {
    words: ['config', 'reset'],
    about: 'Remove the config file',
    flags: [],
    examples: [{ line: 'config reset', about: 'Remove all settings' }],
  },
  {
    words: ['doctor'],
    about: 'Check the setup of this machine: server, clock, token, provider, versions, socket',
    details: ['Every line is ok, warn or fail with the fix. The exit code is 0 without failures, otherwise that of the first failure.'],
    flags: [...settingFlags.filter((flag) => flag.name !== 'redact'), jsonFlag],
    examples: [
      { line: 'doctor', about: 'Check the settings of the config file' },
      { line: 'doctor --provider ollama-http', about: 'Check another provider' },
    ],
  },
  {
    words: ['replay'],
    about: 'Run a provider over a recording of `run --record FILE`',
    details: [
      'No agent is started and no server called. The last job of the file is replayed; the exit code is 0 when it would be done, otherwise 1.',
    ],
    arguments: [{ name: 'FILE', about: 'The recording', complete: 'file' }],
    flags: [jsonFlag],
    examples: [{ line: 'replay job.ndjson', about: 'Outcome of the recorded job with this version' }],
  },
  {
    words: ['service', 'install'],
    about: 'Install the worker as a background service that starts at login',
    details: [
      'A systemd user unit on Linux, a launch agent on macOS, a scheduled task on Windows. Written files are printed.',
      'The token is not part of the service; it is read from the config file. Other settings may be given as flags.',
    ],
    flags: [...settingFlags.filter((flag) => flag.name !== 'token' && flag.name !== 'redact'), dryRunFlag],
    examples: [
      { line: 'service install --dry-run', about: 'Show what would be written and run' },
      { line: 'service install', about: 'Install and start it' },
      { line: 'service install --name browser --provider playwright', about: 'A second worker on the same machine' },
    ],
  },
  {
    words: ['service', 'uninstall'],
    about: 'Stop the background worker and remove it',
    flags: [...pick('name'), dryRunFlag],
    examples: [{ line: 'service uninstall', about: 'The config file stays' }],
  },
  {
    words: ['service', 'status'],
    about: 'Show whether the background service runs',
    flags: pick('name'),
    examples: [{ line: 'service status', about: 'Exit code 0 while it runs' }],
  },
  {
    words: ['completions'],
    about: 'Print the completion script of a shell',
    arguments: [{ name: 'SHELL', choices: shells, about: shells.join(', ') }],
    flags: [],
    examples: [
      { line: 'completions bash > ~/.local/share/bash-completion/completions/modelreins-worker', about: 'bash' },
      { line: 'completions zsh > "${fpath[1]}/_modelreins-worker"', about: 'zsh' },
      { line: 'completions fish > ~/.config/fish/completions/modelreins-worker.fish', about: 'fish' },
      { line: 'completions powershell >> $PROFILE', about: 'PowerShell' },
    ],
  },
  {
    words: ['help'],
    about: 'Show help for all commands or one',
    arguments: [{ name: 'COMMAND', optional: true, many: true, complete: 'command', about: 'A command' }],
    flags: [],
    examples: [{ line: 'help dispatch', about: 'The same as dispatch --help' }],
  },
  {
    words: ['__complete'],
    about: 'Answer a shell that asks how a line may go on',
    arguments: [{ name: 'WORD', optional: true, many: true, about: 'The line so far' }],
    flags: [],
    examples: [],
    hidden: true,
  },
]
