/** Every command by its name, run in one turn (but for getMore, which may wait for changes). */

import { CommandError } from './command-error.ts'
import type { Call, Command } from './commands/arguments.ts'
import * as catalog from './commands/catalog.ts'
import { remove } from './commands/delete.ts'
import { findAndModify } from './commands/find-and-modify.ts'
import { insert } from './commands/insert.ts'
import { buildInfo } from './commands/member.ts'
import * as read from './commands/read.ts'
import { update } from './commands/update.ts'
import { type Doc, isDoc } from './document.ts'

const commands: Readonly<Record<string, Command>> = {
  ping: () => ({}),
  buildInfo,
  getParameter: ({ body }) => ({
    featureCompatibilityVersion: body['featureCompatibilityVersion'] && { version: '7.0' },
  }),
  connectionStatus: () => ({ authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] } }),
  endSessions: ({ data, body }) => {
    for (const session of body['endSessions'] as readonly unknown[]) data.statements.forget(session)
    return {}
  },
  insert,
  update,
  delete: remove,
  findAndModify,
  findandmodify: findAndModify,
  find: read.find,
  getMore: read.getMore,
  killCursors: read.killCursors,
  count: read.count,
  distinct: read.distinct,
  aggregate: read.aggregate,
  create: catalog.create,
  drop: catalog.drop,
  dropDatabase: catalog.dropDatabase,
  createIndexes: catalog.createIndexes,
  listCollections: catalog.listCollections,
  listDatabases: catalog.listDatabases,
  listIndexes: catalog.listIndexes,
  dropIndexes: catalog.dropIndexes,
}

/** Those that change documents. */
export const isWrite = (name: string): boolean =>
  ['insert', 'update', 'delete', 'findAndModify'].includes(name)

export function run(call: Call): Doc | Promise<Doc> {
  const command = Object.hasOwn(commands, call.name) ? commands[call.name] : undefined
  if (command === undefined) throw new CommandError(59, `no such command: '${call.name}'`)
  refuseTransactions(call.body)
  return command(call)
}

/** So that whoever passes here has shown that it needs none. */
function refuseTransactions(body: Doc): void {
  if (body['startTransaction'] === true || body['autocommit'] === false)
    throw new CommandError(263, 'this server has no transactions of several documents')
  if (isDoc(body['readConcern']) && body['readConcern']['level'] === 'snapshot')
    throw new CommandError(263, 'this server reads no snapshots')
}
