/** Responsible for the launchd user agent (launchd.plist(5)). It writes and runs nothing. */
import { join } from 'node:path'
import { slugOf, xmlText, type ServicePlan, type ServiceRequest } from './plan.ts'

const text = (value: string): string => `<string>${xmlText(value)}</string>`

export function launchdPlan(request: ServiceRequest): ServicePlan {
  const label = `com.modelreins.worker${request.name === undefined ? '' : `.${slugOf(request.name)}`}`
  const path = join(request.home, 'Library', 'LaunchAgents', `${label}.plist`)
  const log = join(request.home, 'Library', 'Logs', `${label}.log`)
  const domain = `gui/${request.userId ?? 501}`
  const content = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  ${text(label)}
  <key>ProgramArguments</key>
  <array>
${request.command.map((part) => `    ${text(part)}`).join('\n')}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>PATH</key>
    ${text(request.env['PATH'] ?? '')}
  </dict>
  <key>WorkingDirectory</key>
  ${text(request.home)}
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>30</integer>
  <key>ExitTimeOut</key>
  <integer>${Math.ceil(request.stopMs / 1000)}</integer>
  <key>Umask</key>
  <integer>63</integer>
  <key>StandardOutPath</key>
  ${text(log)}
  <key>StandardErrorPath</key>
  ${text(log)}
</dict>
</plist>
`
  return {
    label,
    file: { path, content, encoding: 'utf8' },
    install: [
      { command: ['launchctl', 'bootout', `${domain}/${label}`], mayFail: true },
      { command: ['launchctl', 'bootstrap', domain, path] },
    ],
    beforeRemoval: [{ command: ['launchctl', 'bootout', `${domain}/${label}`], mayFail: true }],
    afterRemoval: [],
    status: ['launchctl', 'print', `${domain}/${label}`],
    notes: [`Its log: ${log}`],
  }
}
