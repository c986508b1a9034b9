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
      'The first Ctrl-C drains: no new jobs, running jobs finish. The second Ctrl-C stops at once: running jobs are handed back and their processes killed. SIGTERM drains for --grace-ms.',
      'Completions that cannot be delivered are stored in a file beside the config file and delivered later, also after a restart.',
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
        about: 'Run a shell line for each job, with the prompt on stdin; four jobs at a time',
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
      'Only you can read the file. Without VALUE the command asks for a secret; with `-` it reads it from standard input. Both keep it out of the shell history.',
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
    details: ['Each line is ok, warn or fail, with a fix. The exit code is 0 without failures, otherwise the code of the first failure.'],
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
      'No agent is started and no server is called. The last job of the file is replayed. The exit code is 0 when the result is done, otherwise 1.',
    ],
    arguments: [{ name: 'FILE', about: 'The recording', complete: 'file' }],
    flags: [jsonFlag],
    examples: [{ line: 'replay job.ndjson', about: 'Outcome of the recorded job with this version' }],
  },
  {
    words: ['service', 'install'],
    about: 'Install the worker as a background service that starts at login',
    details: [
      'Installs a systemd user unit on Linux, a launch agent on macOS, or a scheduled task on Windows, and prints the written files.',
      'The service reads the token from the config file. Other settings can be given as flags.',
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
    examples: [{ line: 'service uninstall', about: 'Remove the service; the config file stays' }],
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
    about: 'Print completions for a shell',
    arguments: [{ name: 'WORD', optional: true, many: true, about: 'The line so far' }],
    flags: [],
    examples: [],
    hidden: true,
  },
]
