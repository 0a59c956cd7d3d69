/** What the writer thread can be asked to do, and what any connection can be asked to read. */
import type { StoreFailure } from '../port.ts'
import * as appending from './appending.ts'
import * as blobs from './blobs.ts'
import * as chain from './chain.ts'
import { putDocument, removeDocument } from './documents.ts'
import * as intakes from './intakes.ts'
import { loadRecords } from './load.ts'
import * as mailboxes from './mailboxes.ts'
import * as messages from './messages.ts'
import * as textFilters from './text-filters.ts'
import * as work from './work.ts'

export const writes = {
  saveBlob: blobs.saveBlob,
  keepBlob: blobs.keepKnown,
  releaseBlobs: blobs.releaseBlobs,
  sweepBlobs: blobs.sweepBlobs,
  accept: intakes.accept,
  voidIntake: intakes.voidIntake,
  purge: intakes.purge,
  insertWork: work.insertWork,
  claimWork: work.claimWork,
  settleWork: work.settleWork,
  noteWork: work.noteWork,
  amendWork: work.amendWork,
  lease: chain.lease,
  appendChain: chain.appendChain,
  sealChain: chain.sealChain,
  putDocument,
  removeDocument,
  createMailbox: mailboxes.createMailbox,
  deleteMailbox: mailboxes.deleteMailbox,
  renameMailbox: mailboxes.renameMailbox,
  subscribe: mailboxes.subscribe,
  append: appending.append,
  replace: appending.replace,
  storeFlags: messages.storeFlags,
  touch: messages.touch,
  expunge: messages.expunge,
  copy: messages.copy,
  move: messages.move,
  setTextFilters: textFilters.setTextFilters,
  clearTextFilters: textFilters.clearTextFilters,
  loadRecords,
} as const

export type Writes = typeof writes
export type WriteName = keyof Writes
/** The arguments of a write without its connection. */
export type WriteArguments<K extends WriteName> =
  Parameters<Writes[K]> extends [unknown, ...infer Rest] ? Rest : never

export interface WriteRequest {
  readonly id: number
  readonly name: WriteName
  readonly args: readonly unknown[]
}
export type WriteReply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly code: StoreFailure; readonly message: string }
