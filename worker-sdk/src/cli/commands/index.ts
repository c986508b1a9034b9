/** Responsible for mapping each row of the table to its function; a test compares the two. */
import type { Handler } from '../context.ts'
import { artifacts, artifactsGet } from './artifacts.ts'
import { auditLook, auditSeen } from './audit-look.ts'
import { audit, auditExport, auditHeads, auditVerify } from './audit.ts'
import { catalogue, catalogueGet, catalogueSet } from './catalogue.ts'
import { configGet, configList, configPathCommand, configReset, configSet, configUnset } from './config.ts'
import { diagnostics } from './diagnostics.ts'
import { devices, devicesRemove, devicesTest } from './devices.ts'
import { dispatch } from './dispatch.ts'
import { events } from './events.ts'
import { doctor } from './doctor.ts'
import { replay } from './replay.ts'
import { complete, completions, help } from './help.ts'
import { job } from './job.ts'
import { jobs, jobsAbort, jobsRetry } from './jobs.ts'
import { kill } from './kill.ts'
import { members, membersAdd, membersRevoke, membersRotate } from './members.ts'
import {
  grants,
  grantsRevoke,
  reviews,
  reviewsApprove,
  reviewsDeny,
  reviewsEdit,
  reviewsRespond,
  reviewsShow,
  reviewsWithdraw,
} from './reviews.ts'
import { run } from './run.ts'
import {
  schedules,
  schedulesApprove,
  schedulesCreate,
  schedulesDelete,
  schedulesPause,
  schedulesResume,
  schedulesRevokeApproval,
  schedulesRun,
  schedulesRuns,
  schedulesShow,
} from './schedules.ts'
import { serviceInstall, serviceStatus, serviceUninstall } from './service.ts'
import { settings, settingsGet, settingsSet } from './settings.ts'
import { setup } from './setup.ts'
import { status } from './status.ts'
import { thread } from './thread.ts'
import { deleteThread, threads } from './threads.ts'
import { webhooks, webhooksCreate, webhooksDelete, webhooksDeliveries, webhooksResend } from './webhooks.ts'
import {
  work,
  workAttach,
  workDone,
  workEscalate,
  workFailed,
  workHandBack,
  workJoin,
  workLeave,
  workNote,
  workShow,
  workStart,
} from './work.ts'
import {
  workers,
  workersPause,
  workersRegister,
  workersResume,
  workersRevoke,
  workersRotate,
  workersSet,
  workersShow,
  workersUnpark,
} from './workers.ts'

/** Functions by the words of the command. */
export const handlers: Readonly<Record<string, Handler>> = {
  run,
  setup,
  'config set': configSet,
  'config get': configGet,
  'config list': configList,
  'config unset': configUnset,
  'config path': configPathCommand,
  'config reset': configReset,
  doctor,
  replay,
  'service install': serviceInstall,
  'service uninstall': serviceUninstall,
  'service status': serviceStatus,
  completions,
  help,
  __complete: complete,
  dispatch,
  jobs,
  'jobs abort': jobsAbort,
  'jobs retry': jobsRetry,
  job,
  work,
  'work join': workJoin,
  'work leave': workLeave,
  'work show': workShow,
  'work start': workStart,
  'work note': workNote,
  'work attach': workAttach,
  'work done': workDone,
  'work failed': workFailed,
  'work hand-back': workHandBack,
  'work escalate': workEscalate,
  threads,
  'threads delete': deleteThread,
  thread,
  schedules,
  'schedules create': schedulesCreate,
  'schedules show': schedulesShow,
  'schedules pause': schedulesPause,
  'schedules resume': schedulesResume,
  'schedules run': schedulesRun,
  'schedules runs': schedulesRuns,
  'schedules approve': schedulesApprove,
  'schedules revoke-approval': schedulesRevokeApproval,
  'schedules delete': schedulesDelete,
  artifacts,
  'artifacts get': artifactsGet,
  status,
  events,
  workers,
  'workers show': workersShow,
  'workers register': workersRegister,
  'workers set': workersSet,
  'workers pause': workersPause,
  'workers resume': workersResume,
  'workers unpark': workersUnpark,
  'workers rotate': workersRotate,
  'workers revoke': workersRevoke,
  catalogue,
  'catalogue get': catalogueGet,
  'catalogue set': catalogueSet,
  kill,
  reviews,
  'reviews show': reviewsShow,
  'reviews approve': reviewsApprove,
  'reviews deny': reviewsDeny,
  'reviews edit': reviewsEdit,
  'reviews respond': reviewsRespond,
  'reviews withdraw': reviewsWithdraw,
  grants,
  'grants revoke': grantsRevoke,
  diagnostics,
  audit,
  'audit look': auditLook,
  'audit seen': auditSeen,
  'audit export': auditExport,
  'audit heads': auditHeads,
  'audit verify': auditVerify,
  webhooks,
  'webhooks create': webhooksCreate,
  'webhooks delete': webhooksDelete,
  'webhooks deliveries': webhooksDeliveries,
  'webhooks resend': webhooksResend,
  devices,
  'devices test': devicesTest,
  'devices remove': devicesRemove,
  settings,
  'settings get': settingsGet,
  'settings set': settingsSet,
  members,
  'members add': membersAdd,
  'members rotate': membersRotate,
  'members revoke': membersRevoke,
}
