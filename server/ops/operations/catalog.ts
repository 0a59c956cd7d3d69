import type { z } from 'zod'
import { accountCreate } from './account-create.ts'
import { accountList } from './account-list.ts'
import { accountShow } from './account-show.ts'
import { accountActivate, accountClose, accountReopen } from './account-state.ts'
import { accountUpdate } from './account-update.ts'
import { archiveExport, archiveRenew, archiveSeal } from './archive-acts.ts'
import { archiveCheck } from './archive-check.ts'
import {
  archiveHandover,
  archiveTakenOver,
  archiveTakenOverList,
  archiveTakeOver,
} from './archive-handover.ts'
import { backup } from './backup.ts'
import { creditAdd } from './credit-add.ts'
import { creditCheck } from './credit-check.ts'
import { creditList } from './credit-list.ts'
import { creditRefund } from './credit-refund.ts'
import { creditShow } from './credit-show.ts'
import { directoryExport } from './directory-export.ts'
import { directoryImport } from './directory-import.ts'
import { directorySearch } from './directory-search.ts'
import { directorySet } from './directory-set.ts'
import { directoryShow } from './directory-show.ts'
import { evidenceExport } from './evidence-export.ts'
import { evidenceList } from './evidence-list.ts'
import { holdLift, holdPlace } from './hold-change.ts'
import { holdList } from './hold-list.ts'
import { logList } from './log-list.ts'
import { type Operation, OperationError, type OperationParts, type Progress } from './operation.ts'
import { passwordSet } from './password-set.ts'
import { peerAdd } from './peer-add.ts'
import { peerList } from './peer-list.ts'
import { peerRemove } from './peer-remove.ts'
import { peerTest } from './peer-test.ts'
import { personAdd } from './person-add.ts'
import { personCertificateAdd, personCertificateRemove } from './person-certificate.ts'
import { personIpLimit, personList, personPermit, personRestore, personRevoke } from './person-change.ts'
import { personNotices } from './person-notices.ts'
import { queueFail, queueHold, queueRelease, queueRetry } from './queue-change.ts'
import { queueList } from './queue-list.ts'
import { queueShow } from './queue-show.ts'
import { quotaAdd, quotaSet } from './quota-change.ts'
import { reload } from './reload.ts'
import { trace } from './trace.ts'

/** Every act of an operator, by the name under which kepctl asks for it. */
export const operations = {
  'account create': accountCreate,
  'account list': accountList,
  'account show': accountShow,
  'account update': accountUpdate,
  'account activate': accountActivate,
  'account close': accountClose,
  'account reopen': accountReopen,
  'person add': personAdd,
  'person list': personList,
  'person permit': personPermit,
  'person revoke': personRevoke,
  'person restore': personRestore,
  'person ip-limit': personIpLimit,
  'person notices': personNotices,
  'person certificate-add': personCertificateAdd,
  'person certificate-remove': personCertificateRemove,
  'quota set': quotaSet,
  'quota add': quotaAdd,
  'log list': logList,
  'password set': passwordSet,
  'credit add': creditAdd,
  'credit refund': creditRefund,
  'credit show': creditShow,
  'credit list': creditList,
  'credit check': creditCheck,
  'directory set': directorySet,
  'directory show': directoryShow,
  'directory search': directorySearch,
  'directory import': directoryImport,
  'directory export': directoryExport,
  trace,
  'evidence list': evidenceList,
  'evidence export': evidenceExport,
  'archive check': archiveCheck,
  'archive seal': archiveSeal,
  'archive renew': archiveRenew,
  'archive export': archiveExport,
  'archive handover': archiveHandover,
  'archive take-over': archiveTakeOver,
  'archive taken-over': archiveTakenOver,
  'archive taken-over list': archiveTakenOverList,
  'peer add': peerAdd,
  'peer list': peerList,
  'peer remove': peerRemove,
  'peer test': peerTest,
  'queue list': queueList,
  'queue show': queueShow,
  'queue retry': queueRetry,
  'queue hold': queueHold,
  'queue release': queueRelease,
  'queue fail': queueFail,
  'hold place': holdPlace,
  'hold lift': holdLift,
  'hold list': holdList,
  backup,
  reload,
} as const

export type OperationName = keyof typeof operations
export type InputOf<N extends OperationName> = z.input<(typeof operations)[N]['schema']>
export type ResultOf<N extends OperationName> = Awaited<ReturnType<(typeof operations)[N]['perform']>>

const byName = new Map<string, Operation<z.ZodType, unknown>>(Object.entries(operations))

/** For names and arguments from outside. Rejects with OperationError and what the operation rejects with. */
export async function perform(
  parts: OperationParts,
  name: string,
  args: unknown,
  progress: Progress,
): Promise<unknown> {
  const known = byName.get(name)
  if (known === undefined) throw new OperationError('UNKNOWN_OPERATION', `there is no operation of this name`)
  return known.perform(parts, args, progress)
}
