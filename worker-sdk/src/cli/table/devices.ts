/** Responsible for the table's rows about devices on which a member is notified. It runs nothing. */
import type { Argument, Command } from '../arguments/command.ts'
import { memberFlags, yesFlag } from './flags.ts'

const id: Argument = { name: 'ID', about: 'Id of the device' }

export const deviceCommands: readonly Command[] = [
  {
    words: ['devices'],
    about: 'List the devices on which you get notifications, with the result of the last message to each',
    details: ['To add a device, open the dashboard in its browser and go to Settings, Notifications.'],
    flags: memberFlags,
    examples: [{ line: 'devices', about: 'Your devices' }],
  },
  {
    words: ['devices', 'test'],
    about: 'Send a test notification to one of your devices',
    arguments: [id],
    flags: memberFlags,
    examples: [{ line: 'devices test dv4k2m9x7q', about: 'Check that notifications arrive' }],
  },
  {
    words: ['devices', 'remove'],
    about: 'Remove one of your devices, such as a lost phone; it gets no more notifications',
    arguments: [id],
    flags: [yesFlag, ...memberFlags],
    examples: [{ line: 'devices remove dv4k2m9x7q', about: 'Stop notifications to this device' }],
  },
]
