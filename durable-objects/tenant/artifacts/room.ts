/** Responsible for the artifacts room: stores, commands and due work of files. */
import type { Room } from '../kernel/room.ts'
import { ArtifactEraser } from './artifact-eraser.ts'
import { ArtifactStore } from './artifact-store.ts'
import { artifactCommands } from './commands.ts'
import { artifactDuty } from './expiry.ts'
import { eraseFilesOf, jobFileCommands } from './job-files.ts'

declare module '../kernel/context.ts' {
  interface Store {
    readonly artifacts: ArtifactStore
  }
  interface Live {
    readonly eraser: ArtifactEraser
  }
  interface Effects {
    /** Deletes the bytes of unreadable artifacts from R2. */
    erase: { readonly slugs: readonly string[] }
  }
}

export const artifactRoom = {
  name: 'artifacts',
  commands: { ...artifactCommands, ...jobFileCommands },
  tables: ({ db }) => ({ artifacts: new ArtifactStore(db) }),
  memory: ({ tenant, env, store, now, waitUntil, failed }) => ({
    eraser: new ArtifactEraser({
      tenant,
      archive: env.ARCHIVE,
      store,
      now,
      waitUntil,
      failed: (reason) => failed('artifact.erase', reason),
    }),
  }),
  duties: [artifactDuty],
  onErased: eraseFilesOf,
  effects: { erase: ({ live }, { slugs }) => live.eraser.tend(slugs) },
} satisfies Room
