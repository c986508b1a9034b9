/** Responsible for the Windows scheduled task (Task Scheduler schema 1.4). It writes and runs nothing. */
import { join } from 'node:path'
import { slugOf, xmlText, type ServicePlan, type ServiceRequest } from './plan.ts'

/** Quoted for CommandLineToArgvW. */
const argument = (text: string): string =>
  text !== '' && !/[\s"]/.test(text) ? text : `"${text.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\*)$/, '$1$1')}"`

export function windowsPlan(request: ServiceRequest): ServicePlan {
  const label = `ModelReins worker${request.name === undefined ? '' : ` ${slugOf(request.name)}`}`
  const [node = '', ...rest] = request.command
  const user = [request.env['USERDOMAIN'], request.env['USERNAME']].filter((part) => part !== undefined && part !== '').join('\\')
  const principal = user === '' ? '' : `\n      <UserId>${xmlText(user)}</UserId>`
  const path = join(request.configFolder, `${slugOf(label).toLowerCase()}.task.xml`)
  // Started every five minutes: a task that ended with an error runs again, and a running one is not affected.
  const content = `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.4" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>${principal}
      <Repetition>
        <Interval>PT5M</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">${principal}
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>255</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${xmlText(node)}</Command>
      <Arguments>${xmlText(rest.map(argument).join(' '))}</Arguments>
      <WorkingDirectory>${xmlText(request.home)}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
`
  const task = (...args: readonly string[]) => ['schtasks', ...args]
  return {
    label,
    file: { path, content, encoding: 'utf16le' },
    install: [{ command: task('/Create', '/TN', label, '/XML', path, '/F') }, { command: task('/Run', '/TN', label) }],
    beforeRemoval: [
      { command: task('/End', '/TN', label), mayFail: true },
      { command: task('/Delete', '/TN', label, '/F'), mayFail: true },
    ],
    afterRemoval: [],
    status: task('/Query', '/TN', label, '/FO', 'LIST'),
    notes: ['It runs in a window of its own while you are logged in; Task Scheduler shows it under its name.'],
  }
}
