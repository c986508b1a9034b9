/** Responsible for `devices`: listing where the calling member is notified, sending a test, and removing a device. Only a browser can add itself. */
import { deviceRef, type Device } from '@modelreins/contract'
import { UsageError } from '../arguments/usage-error.ts'
import { confirmed } from '../confirm.ts'
import type { CommandContext } from '../context.ts'
import type { Column } from '../output/presenter.ts'
import { showAge } from '../output/time-words.ts'
import { connect } from '../setup/connection.ts'

const failsNow = ({ succeeded_at, failed_at }: Device): boolean => failed_at !== null && (succeeded_at === null || failed_at > succeeded_at)

const lastOf = (device: Device): string =>
  failsNow(device) ? (device.failure ?? 'failed') : device.succeeded_at === null ? 'nothing sent yet' : 'taken by the push service'

const columns = (now: number): readonly Column<Device>[] => [
  { title: 'ID', cell: (device) => device.device_id },
  { title: 'AGE', cell: (device) => device.created_at, human: (device) => showAge(device.created_at, now), right: true },
  {
    title: 'LAST SENT',
    cell: (device) => device.succeeded_at ?? '',
    human: ({ succeeded_at }) => (succeeded_at === null ? '-' : showAge(succeeded_at, now)),
    right: true,
  },
  { title: 'PUSH SERVICE', cell: (device) => device.push_service },
  { title: 'LAST MESSAGE', cell: lastOf, paint: (device, style) => (failsNow(device) ? style.red : style.green) },
  { title: 'NAME', cell: (device) => device.name, wide: true },
]

export async function devices(context: CommandContext): Promise<number> {
  const { show } = context
  const { client } = await connect(context)
  const { items } = await client.devices.list({})
  if (show.json) show.value({ items })
  else if (items.length > 0) show.table(columns(context.now), items)
  else show.note('No devices. Add one in its own browser: in the dashboard, under Settings, Notifications')
  return 0
}

function idOf({ invocation }: CommandContext): string {
  const parsed = deviceRef.safeParse({ device_id: invocation.argument(0) })
  if (!parsed.success) throw new UsageError(`"${invocation.argument(0) ?? ''}" is not the id of a device`, '`devices` lists them')
  return parsed.data.device_id
}

export async function devicesTest(context: CommandContext): Promise<number> {
  const device_id = idOf(context)
  const { client } = await connect(context)
  const device = await client.devices.test({ device_id })
  if (context.show.json) context.show.value(device)
  else context.show.note(`A test notification goes to ${device.name}; \`devices\` shows the result`)
  return 0
}

export async function devicesRemove(context: CommandContext): Promise<number> {
  const device_id = idOf(context)
  const { client } = await connect(context)
  if (!(await confirmed(context, `Remove device ${device_id}?`))) {
    context.show.note('Cancelled: nothing was changed')
    return 1
  }
  const done = await client.devices.remove({ device_id })
  if (context.show.json) context.show.value(done)
  else context.show.note(`Device ${device_id} is removed: nothing more is sent to it`)
  return 0
}
