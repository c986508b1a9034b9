/** Responsible for the table's rows about this machine's worker: run, setup, config, doctor, service, completions. It runs nothing. */
import type { Argument, Command } from '../command.ts'
import { dryRunFlag, jsonFlag, settingFlags, versionFlag } from './flags.ts'

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const
const key: Argument = { name: 'KEY', complete: 'config-key', about: 'Name of a setting' }
const pick = (...names: readonly string[]) => settingFlags.filter((flag) => names.includes(flag.name))

export const workerCommands: readonly Command[] = [
  {
    words: ['run'],
    about: 'Run a worker: what happens without a command',
    details: [
      'Every setting may be given as a flag, in the environment, or in the config file; the first that says something wins, in this order.',
      'A token on the command line can be read by other users of the machine for a moment. Prefer MODELREINS_TOKEN, or `config set token -`.',
      'Ctrl-C once drains: no new jobs, running ones finish. Twice stops at once: running jobs are handed back, their processes killed. SIGTERM drains for --grace-ms.',
      'Completions that cannot be delivered are kept in a file beside the config file and delivered after a restart.',
    ],
    flags: [
      ...settingFlags,
      { name: 'setup', about: 'Ask for server, token, name and provider, check them, and write the config file' },
      { name: 'verbose', short: 'v', about: 'Show what jobs write' },
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
      { line: '', before: 'DEBUG=modelreins:*', about: 'Show what the worker does, on stderr' },
    ],
  },
  {
    words: ['setup'],
    about: 'Ask for server, token, name and provider, check them, and write the config file',
    details: ['Also `modelreins-worker --setup`. Flags answer questions beforehand; when they answer all of them, nothing is asked.'],
    flags: pick('server', 'token', 'name', 'provider', 'model', 'endpoint', 'command'),
    examples: [
      { line: 'setup', about: 'Walk through the questions' },
      { line: 'setup --server http://localhost:8787 --provider claude', about: 'Answer two of them beforehand' },
    ],
  },
  {
    words: ['config', 'set'],
    about: 'Write a setting into the config file',
    details: [
      "The file is readable by its owner alone. Without VALUE a secret is asked for, and `-` reads it from standard input: neither is kept in the shell's history.",
      'For `token` and `admin_token` the one-time view URL may be given; it is opened, once, and the token in it is kept.',
    ],
    arguments: [key, { name: 'VALUE', optional: true, about: 'Its value; `-`: from standard input' }],
    flags: [],
    examples: [
      { line: 'config set server https://reins.example.com', about: 'Where the server is' },
      { line: 'config set token -', about: 'Paste the worker token, unseen' },
      { line: 'config set provider playwright', about: 'What runs the jobs' },
    ],
  },
  {
    words: ['config', 'get'],
    about: 'Print one setting of the config file',
    arguments: [key],
    flags: [{ name: 'reveal', about: 'Print a secret as it is' }],
    examples: [{ line: 'config get server', about: 'Print the address of the server' }],
  },
  {
    words: ['config', 'list'],
    about: 'Print the config file, secrets masked',
    flags: [jsonFlag],
    examples: [{ line: 'config list', about: 'Show what is set, and what the environment overrides' }],
  },
  {
    words: ['config', 'unset'],
    about: 'Remove a setting from the config file',
    arguments: [key],
    flags: [],
    examples: [{ line: 'config unset model', about: 'Let the provider choose the model again' }],
  },
  {
    words: ['config', 'path'],
    about: 'Print where the config file is',
    flags: [],
    examples: [{ line: 'config path', about: 'Print the path, whether or not the file exists' }],
  },
  {
    words: ['config', 'reset'],
    about: 'Remove the config file',
    flags: [],
    examples: [{ line: 'config reset', about: 'Begin again' }],
  },
  {
    words: ['doctor'],
    about: 'Check that a worker can run here: server, clock, token, provider, versions, socket',
    details: ['Every line is ok, warn or fail, with what to do. The exit code is 0 without failures, else that of the first failure.'],
    flags: [...settingFlags.filter((flag) => flag.name !== 'redact'), jsonFlag],
    examples: [
      { line: 'doctor', about: 'Check the settings of the config file' },
      { line: 'doctor --provider ollama-http', about: 'Would this provider work here?' },
    ],
  },
  {
    words: ['replay'],
    about: 'Run a provider over a recording of `run --record FILE`',
    details: [
      'Nothing is asked and no agent is started. The last job of the file is played; the exit code is 0 when it would be done, else 1.',
    ],
    arguments: [{ name: 'FILE', about: 'The recording', complete: 'file' }],
    flags: [jsonFlag],
    examples: [{ line: 'replay job.ndjson', about: 'What would become of the recorded job with this version' }],
  },
  {
    words: ['service', 'install'],
    about: 'Run the worker in the background, from login on',
    details: [
      'A systemd user unit on Linux, a launch agent on macOS, a scheduled task on Windows. What is written is printed.',
      'The token is never part of it: the service reads the config file. Other settings may be given as flags.',
    ],
    flags: [...settingFlags.filter((flag) => flag.name !== 'token' && flag.name !== 'redact'), dryRunFlag],
    examples: [
      { line: 'service install --dry-run', about: 'Show what would be written and run' },
      { line: 'service install', about: 'Install and start it' },
      { line: 'service install --name browser --provider playwright', about: 'A second one beside it' },
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
    about: 'Say whether the background worker runs',
    flags: pick('name'),
    examples: [{ line: 'service status', about: 'Exit code 0 when it runs' }],
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
    about: 'Show help, of one command or of all',
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
