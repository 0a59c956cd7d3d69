import type { Command, CommandState } from './command.ts'
import { aclCommands } from './commands/acl.ts'
import { append } from './commands/append.ts'
import { authenticate } from './commands/authenticate.ts'
import { cancelUpdate } from './commands/cancel-update.ts'
import { capability } from './commands/capability.ts'
import { close, unselect } from './commands/close.ts'
import { compress } from './commands/compress.ts'
import { copyCommands } from './commands/copy.ts'
import { create } from './commands/create.ts'
import { deleteMailbox } from './commands/delete.ts'
import { enable } from './commands/enable.ts'
import { esearch } from './commands/esearch.ts'
import { expungeCommands } from './commands/expunge.ts'
import { fetchCommands } from './commands/fetch.ts'
import { id } from './commands/id.ts'
import { idle } from './commands/idle.ts'
import { list } from './commands/list.ts'
import { login } from './commands/login.ts'
import { logout } from './commands/logout.ts'
import { lsub } from './commands/lsub.ts'
import { getMetadata, setMetadata } from './commands/metadata.ts'
import { moveCommands } from './commands/move.ts'
import { namespace } from './commands/namespace.ts'
import { check, noop } from './commands/noop.ts'
import { notify } from './commands/notify.ts'
import { getQuota, getQuotaRoot } from './commands/quota.ts'
import { rename } from './commands/rename.ts'
import { replaceCommands } from './commands/replace.ts'
import { searchCommands } from './commands/search.ts'
import { selectCommands } from './commands/select.ts'
import { sortCommands } from './commands/sort.ts'
import { starttls } from './commands/starttls.ts'
import { status } from './commands/status.ts'
import { storeCommands } from './commands/store.ts'
import { subscribeCommands } from './commands/subscribe.ts'
import { threadCommands } from './commands/thread.ts'
import { uidBatches } from './commands/uid-batches.ts'
import type { Cursor } from './cursor.ts'
import { bad, CommandError } from './failure.ts'
import type { Session } from './session.ts'

/** Every command there is; a Map, because its keys are asked for by strangers. */
const commands: ReadonlyMap<string, Command> = new Map(
  [
    ...aclCommands,
    append,
    authenticate,
    cancelUpdate,
    capability,
    check,
    close,
    compress,
    ...copyCommands,
    create,
    deleteMailbox,
    enable,
    esearch,
    ...expungeCommands,
    ...fetchCommands,
    getMetadata,
    getQuota,
    getQuotaRoot,
    id,
    idle,
    list,
    login,
    logout,
    lsub,
    ...moveCommands,
    namespace,
    noop,
    notify,
    rename,
    ...replaceCommands,
    ...searchCommands,
    setMetadata,
    ...selectCommands,
    ...sortCommands,
    starttls,
    status,
    ...storeCommands,
    ...subscribeCommands,
    ...threadCommands,
    uidBatches,
    unselect,
  ].map((command) => [command.name, command]),
)

/** Of every command, as they are written. */
export const COMMAND_NAMES: readonly string[] = [...commands.keys()]

/** Reads tag and name; throws BAD where the command is unknown or may not be given now. */
export function findCommand(cursor: Cursor, session: Session): { tag: string; command: Command } {
  const tag = cursor.tag()
  cursor.space()
  let name = cursor.keyword()
  if (name === 'UID') {
    cursor.space()
    name = `UID ${cursor.keyword()}`
  }
  const command = commands.get(name)
  if (command === undefined) throw bad('There is no such command')
  if (!allowed(command.state, session.state)) throw bad(`${command.name} cannot be given in this state`)
  if (session.enabled.uidOnly && commands.has(`UID ${name}`) && name !== 'EXPUNGE')
    throw new CommandError('BAD', 'UIDREQUIRED', `Use UID ${name}`)
  if (!cursor.done) spaceBefore(cursor)
  return { tag, command }
}

/** Arguments follow after one space; each command reads its own. */
function spaceBefore(cursor: Cursor): void {
  if (!cursor.sees(' ')) throw cursor.lacks('a space')
}

const allowed = (needed: CommandState, is: Session['state']): boolean =>
  needed === 'any' || needed === is || (needed === 'authenticated' && is === 'selected')
