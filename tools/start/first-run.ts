/** Responsible for the identities that a state folder needs: tenant, owner, this machine's worker. They are created once and reused afterwards. */
import { Client, ModelReinsError, redeemView } from '../../worker-sdk/src/client/index.ts'
import { StartFailure } from './start-failure.ts'
import type { StateFolder, WorkerIdentity } from './state-folder.ts'

export interface Owner {
  readonly tenant: string
  readonly key: string
  /** Set when this start created the owner: the person must be shown the sign-in link. */
  readonly fresh: { readonly viewUrl: string } | undefined
}

const isProblem = (error: unknown, code: string): boolean => error instanceof ModelReinsError && error.code === code

/** Tries `local`, then `local2`, and so on: a tenant whose key was lost (by a crash between creating and storing it) cannot be opened again. */
async function createTenant(url: string, master: string): Promise<{ readonly tenant: string; readonly viewUrl: string }> {
  const client = new Client({ url, token: master })
  for (let number = 1; number <= 50; number += 1) {
    const tenant = number === 1 ? 'local' : `local${number}`
    try {
      const created = await client.tenants.create({ tenant, name: 'This machine', owner_name: 'owner' })
      return { tenant, viewUrl: created.view_url }
    } catch (error) {
      if (!isProblem(error, 'name-taken')) throw error
    }
  }
  throw new StartFailure('The state folder holds fifty tenants whose keys are lost: begin again with another folder (--state DIR).')
}

/** The server may have written a proxy's address into the link; only the path and the key matter. */
const at = (url: string, viewUrl: string): string => viewUrl.replace(/^https?:\/\/[^/]+/, url)

/** The sign-in link of a first start, with the address of the server that stays. */
export const freshAt = (url: string, { fresh }: Owner): Owner['fresh'] =>
  fresh === undefined ? undefined : { viewUrl: at(url, fresh.viewUrl) }

const keyRefused = (folder: StateFolder, tenant: string): string =>
  [
    `The owner key in ${folder.file('secrets.json')} is not accepted by tenant ${tenant}: it was revoked, or secrets.json and data are not from the same backup.`,
    `Restore both from one backup, or write the key of another owner of that tenant into secrets.json (owner.key).`,
    `To begin again without that data, move ${folder.file('data')} away or name another folder with --state DIR.`,
  ].join('\n')

/** `hadData`: an earlier start left databases. Without them, a rejected key belongs to data that was removed, and a new tenant is created. */
export async function ensureOwner(url: string, folder: StateFolder, hadData: boolean): Promise<Owner> {
  const secrets = folder.secrets()
  if (secrets.owner !== undefined) {
    try {
      await new Client({ url, token: secrets.owner.key }).members.whoami()
      return { ...secrets.owner, fresh: undefined }
    } catch (error) {
      // Any other error is reported to the person.
      if (!isProblem(error, 'unauthorized')) throw error
      if (hadData) throw new StartFailure(keyRefused(folder, secrets.owner.tenant))
    }
  }
  const { tenant, viewUrl } = await createTenant(url, secrets.master)
  const { token: key } = await redeemView(at(url, viewUrl))
  folder.saveSecrets({ ...secrets, owner: { tenant, key } })
  // The name appears in the audit trail, and among the members who may approve what the first owner dispatched.
  const second = await new Client({ url, token: key }).members.create({ name: 'owner-by-link', role: 'owner' })
  return { tenant, key, fresh: { viewUrl: at(url, second.view_url) } }
}

export interface WorkerRequest {
  readonly name: string
  readonly description: string
  readonly capability: string
}

async function known(client: Client, folder: StateFolder, name: string): Promise<WorkerIdentity | undefined> {
  const kept = folder.worker(name)
  if (kept === undefined) return undefined
  try {
    const worker = await client.workers.get({ worker_id: kept.worker_id })
    return worker.revoked_at === null ? kept : undefined
  } catch (error) {
    if (isProblem(error, 'not-found')) return undefined
    throw error
  }
}

/** The worker with this name, registered if necessary; `name-2` and so on when the name belongs to a worker whose token is not stored here. */
export async function ensureWorker(url: string, ownerKey: string, request: WorkerRequest, folder: StateFolder): Promise<WorkerIdentity> {
  const client = new Client({ url, token: ownerKey })
  for (let number = 1; number <= 50; number += 1) {
    const name = number === 1 ? request.name : `${request.name}-${number}`
    const found = await known(client, folder, name)
    if (found !== undefined) return found
    try {
      const registered = await client.workers.register({
        name,
        description: request.description,
        kind: 'silicon',
        capabilities: [{ name: request.capability, risk_tier: 'auto' }],
      })
      const { token } = await redeemView(at(url, registered.view_url))
      const identity = { name, worker_id: registered.worker_id, token }
      folder.saveWorker(identity)
      return identity
    } catch (error) {
      if (!isProblem(error, 'name-taken')) throw error
    }
  }
  throw new StartFailure(`Fifty workers named ${request.name} have lost their tokens: revoke some, or choose another name.`)
}
