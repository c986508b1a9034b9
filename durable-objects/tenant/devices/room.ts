/** Responsible for the devices room: browsers on which members are notified of what waits for them. */
import { limits } from '@modelreins/contract'
import { systemCaller } from '../kernel/context.ts'
import type { Host } from '../kernel/host.ts'
import { atItsPace, sendingPorts } from '../kernel/paced-sending.ts'
import type { Room } from '../kernel/room.ts'
import { deviceCommands } from './commands.ts'
import { DeviceSender } from './device-sender.ts'
import { DeviceStore } from './device-store.ts'
import { removeDevice } from './tell.ts'

declare module '../kernel/context.ts' {
  interface Store {
    readonly devices: DeviceStore
  }
  interface Live {
    readonly devices: DeviceSender
  }
  interface Effects {
    /** Sends pending notices to devices. */
    notify: object
  }
}

function memory(host: Host) {
  const devices: DeviceSender = new DeviceSender({
    ...sendingPorts(host, () => devices.pace),
    key: host.auditKey,
    remove: (device, why) => void host.run(systemCaller, (ctx) => (removeDevice(ctx, device, why, true), [])),
  })
  return { devices }
}

const pace = atItsPace(({ devices }) => devices.pace)

export const deviceRoom = {
  name: 'devices',
  commands: deviceCommands,
  tables: ({ db, forget }) => ({ devices: new DeviceStore(db, forget) }),
  memory,
  duties: [
    {
      next: pace.next,
      run: (ctx) => {
        for (const device of ctx.store.devices.all())
          if (device.renewed_at < ctx.at - limits.device_idle_ms) removeDevice(ctx, device, 'nobody signed in there for long', true)
        if (!ctx.store.devices.isEmpty()) ctx.after({ kind: 'notify' })
      },
    },
  ],
  effects: { notify: pace.send },
  finish: pace.flush,
} satisfies Room
