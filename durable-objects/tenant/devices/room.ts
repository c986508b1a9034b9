/** Responsible for handing devices, on which members are told what waits for them, to the kernel. */
import { limits } from '@modelreins/contract'
import { systemCaller } from '../kernel/context.ts'
import type { Host } from '../kernel/host.ts'
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
    /** There is something to tell a device. */
    notify: object
  }
}

function memory(host: Host) {
  const { tenant, store, auditKey, allowedHosts, now, random, waitUntil } = host
  const devices: DeviceSender = new DeviceSender({
    tenant,
    store,
    key: auditKey,
    allowedHosts,
    now,
    random,
    fetch: (url, init) => fetch(url, init),
    waitUntil,
    remove: (device, why) => void host.run(systemCaller, (ctx) => (removeDevice(ctx, device, why, true), [])),
    rearm: () => {
      host.live.due.hint(devices.pace.dueAt)
      host.rearm()
    },
  })
  return { devices }
}

export const deviceRoom = {
  name: 'devices',
  commands: deviceCommands,
  tables: ({ db, forget }) => ({ devices: new DeviceStore(db, forget) }),
  memory,
  duties: [
    {
      // What is due now is sent by the sweep that asks.
      next: ({ at, live }) => (live.devices.pace.dueAt > at ? live.devices.pace.dueAt : undefined),
      run: (ctx) => {
        for (const device of ctx.store.devices.all())
          if (device.renewed_at < ctx.at - limits.device_idle_ms) removeDevice(ctx, device, 'nobody signed in there for long', true)
        if (!ctx.store.devices.isEmpty()) ctx.after({ kind: 'notify' })
      },
    },
  ],
  effects: {
    notify: ({ live }) => {
      live.devices.pace.tend()
      live.due.hint(live.devices.pace.dueAt)
    },
  },
  finish: ({ live }) => live.devices.pace.flush(),
} satisfies Room
