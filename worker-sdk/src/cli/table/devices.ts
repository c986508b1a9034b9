/** Responsible for the table's rows about devices on which a member is notified. It runs nothing. */
import type { Argument, Command } from '../arguments/command.ts'
import { memberFlags, yesFlag } from './flags.ts'

const id: Argument = { name: 'ID', about: 'Id of the device' }

export const deviceCommands: readonly Command[] = [
  {
    words: ['devices'],
    about: 'List the devices on which you are notified when something waits for you, and how the last message to each fared',
    details: ['A device is added in its own browser: in the dashboard, under Settings, Notifications.'],
    flags: memberFlags,
    examples: [{ line: 'devices', about: 'Where am I told?' }],
  },
  {
    words: ['devices', 'test'],
    about: 'Send a test notification to a device of yours',
    arguments: [id],
    flags: memberFlags,
    examples: [{ line: 'devices test dv4k2m9x7q', about: 'Does it arrive?' }],
  },
  {
    words: ['devices', 'remove'],
    about: 'Remove a device of yours, such as a lost phone: nothing more is sent to it',
    arguments: [id],
    flags: [yesFlag, ...memberFlags],
    examples: [{ line: 'devices remove dv4k2m9x7q', about: 'Nothing more is sent' }],
  },
]
