/** Responsible for the systemd user unit (systemd.service(5), systemd.syntax(7)). It writes and runs nothing. */
import { join } from 'node:path'
import { problems } from '@modelreins/contract'
import { slugOf, type ServicePlan, type ServiceRequest } from './plan.ts'

/** `%` begins a specifier everywhere; `$` begins a variable in command lines. */
const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`
const word = (text: string): string => quoted(text).replaceAll('$', '$$$$')

/** After these exit codes a restart is useless: a wrong command line or a rejected token stays wrong. */
const final = [problems['invalid-request'].exit, problems.unauthorized.exit]

export function systemdPlan(request: ServiceRequest): ServicePlan {
  const unit = `modelreins-worker${request.name === undefined ? '' : `-${slugOf(request.name)}`}.service`
  const folder = join(request.env['XDG_CONFIG_HOME'] || join(request.home, '.config'), 'systemd', 'user')
  const content = `[Unit]
Description=ModelReins worker${request.name === undefined ? '' : ` ${slugOf(request.name)}`}
StartLimitIntervalSec=0

[Service]
ExecStart=${request.command.map(word).join(' ')}
Environment=${quoted(`PATH=${request.env['PATH'] ?? ''}`)}
# Keys that providers need, one NAME=value per line; chmod 600.
EnvironmentFile=-${join(request.configFolder, 'service.env').replaceAll('%', '%%')}
WorkingDirectory=~
Restart=on-failure
RestartSec=30
RestartPreventExitStatus=${[...new Set(final)].join(' ')}
# The worker stops its children itself; what is left after the time limit is killed.
KillMode=mixed
TimeoutStopSec=${Math.ceil(request.stopMs / 1000)}
UMask=0077
NoNewPrivileges=true

[Install]
WantedBy=default.target
`
  const control = (...args: readonly string[]) => ['systemctl', '--user', ...args]
  return {
    label: unit,
    file: { path: join(folder, unit), content, encoding: 'utf8' },
    install: [{ command: control('daemon-reload') }, { command: control('enable', unit) }, { command: control('restart', unit) }],
    beforeRemoval: [{ command: control('disable', '--now', unit), mayFail: true }],
    afterRemoval: [{ command: control('daemon-reload'), mayFail: true }],
    status: control('is-active', unit),
    notes: [
      `Its log: journalctl --user -u ${unit} -f`,
      'To keep it running after logout: loginctl enable-linger',
      `Keys that its provider needs (OPENAI_API_KEY, ...) go into ${join(request.configFolder, 'service.env')}, mode 600`,
    ],
  }
}
