/** Responsible for the rows of the operations table about the audit trail. It knows no implementation. */
import * as z from 'zod'
import * as audit from '../audit.ts'
import * as looks from '../to-look-at.ts'
import { operation } from './row.ts'

export const auditOperations = {
  'audit.query': operation({
    method: 'GET',
    path: '/api/v1/audit',
    aliases: ['/audit'],
    scope: 'audit.read',
    summary: 'Audit rows by actor, action, time, job, worker',
    input: audit.auditQuery,
    output: audit.auditPage,
    status: 200,
    problems: ['unavailable'],
  }),
  'audit.heads': operation({
    method: 'GET',
    path: '/api/v1/audit/heads',
    aliases: ['/audit/heads'],
    scope: 'audit.read',
    summary: 'Signed heads of the audit trail, newest first, and the public key that made them',
    input: audit.auditHeadList,
    output: audit.auditHeadPage,
    status: 200,
    problems: ['unavailable'],
  }),
  'audit.export': operation({
    method: 'GET',
    path: '/api/v1/audit/export',
    aliases: ['/audit/export'],
    scope: 'audit.read',
    summary: 'The audit trail with its signed heads as NDJSON, to be verified anywhere',
    input: audit.auditExport,
    output: z.unknown(),
    status: 200,
    problems: ['unavailable'],
    produces: 'application/x-ndjson',
  }),
  'audit.verify': operation({
    method: 'GET',
    path: '/api/v1/audit/verify',
    aliases: ['/audit/verify'],
    scope: 'audit.read',
    summary: 'Verify stored rows, MACs and archived heads, step by step; the first bad row is named',
    input: audit.auditVerify,
    output: audit.auditVerification,
    status: 200,
    problems: ['unavailable'],
  }),

  'audit.to_look_at': operation({
    method: 'GET',
    path: '/api/v1/audit/to-look-at',
    scope: 'audit.read',
    summary: 'What ran under the tier `audit` and nobody has looked at yet, oldest first',
    input: looks.toLookAtList,
    output: looks.toLookAtPage,
    status: 200,
    problems: [],
  }),
  'audit.seen': operation({
    method: 'POST',
    path: '/api/v1/audit/seen',
    scope: 'reviews.decide',
    summary: 'Mark rows as looked at',
    input: looks.markSeen,
    output: looks.markSeenReply,
    status: 200,
    problems: [],
  }),
} as const
