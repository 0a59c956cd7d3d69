import { type MailboxRow, StoreError } from '../port.ts'
import { noSuchMailbox } from './boxes.ts'
import type { Collection } from './collection.ts'
import type { Database } from './database.ts'
import { settled } from './failures.ts'
import { number, optionalText, type Row, rows, text } from './fields.ts'
import type { Keepers } from './keepers.ts'

const byText = (a: string, b: string) => (a < b ? -1 : Number(a > b))
const exists = () => new StoreError('MAILBOX_EXISTS', 'a mailbox of that name exists')

/** The names of an account are one document, so that a subtree is renamed in one write. */
export class Mailboxes {
  readonly #database: Database
  readonly #trees: Collection
  readonly #boxes: Collection
  readonly #counters: Collection
  readonly #subscriptions: Collection
  readonly #keepers: Keepers

  constructor(database: Database, keepers: Keepers) {
    this.#database = database
    this.#trees = database.collection('trees')
    this.#boxes = database.collection('mailboxes')
    this.#counters = database.collection('counters')
    this.#subscriptions = database.collection('subscriptions')
    this.#keepers = keepers
  }

  /** The mailbox first, its name second: what has a name is there. Without one it is nobody's, and a sweep removes it. */
  async create(
    account: string,
    name: string,
    { specialUse, fixed = false }: { specialUse?: string; fixed?: boolean },
  ): Promise<MailboxRow> {
    const id = String(await this.#next('mailbox'))
    const row: MailboxRow = {
      id,
      account,
      name,
      specialUse,
      uidValidity: await this.#next('uidValidity'),
      fixed,
    }
    await this.#boxes.insert(emptyBox(row))
    const isNamed = await this.#change(account, (tree) =>
      tree.some((other) => other.name === name) ? undefined : [...tree, row],
    )
    if (isNamed) return row
    await this.#boxes.remove({ _id: id })
    throw exists()
  }

  /** Numbers are given once, and some never. */
  async #next(counter: 'mailbox' | 'uidValidity'): Promise<number> {
    const row = await this.#counters.change({ _id: counter }, { $inc: { value: 1 } })
    if (row === undefined) throw new StoreError('CORRUPT', `the counter ${counter} is not there`)
    return number(row, 'value')
  }

  /** One write, after which it is gone for everyone; what it held is swept away by whoever finds it so. */
  async delete(id: string, uidNext?: number): Promise<boolean> {
    const last = this.#database.nonce()
    const isOurs = async () => {
      const row = await this.#boxes.get({ _id: id, gone: true }, { last: 1 })
      return row !== undefined && optionalText(row, 'last') === last
    }
    const isGone = await settled(
      async () =>
        (await this.#boxes.update(
          {
            _id: id,
            gone: { $ne: true },
            ...(uidNext === undefined ? {} : { uidNext, pend: { $exists: false } }),
          },
          {
            $set: { gone: true, goneAt: Date.now(), unfinished: true, last },
            $unset: { pend: '', leaving: '' },
            $inc: { version: 1 },
            $currentDate: { touched: true },
          },
        )) || isOurs(),
      async () => ((await isOurs()) ? true : undefined),
    )
    if (!isGone) {
      if ((await this.#boxes.get({ _id: id, gone: { $ne: true } }, { _id: 1 })) === undefined)
        throw noSuchMailbox()
      return false
    }
    await this.clear(id)
    return true
  }

  /** Of a mailbox that is gone. Its document stays for a day, so that whoever writes into it late finds that out. */
  async clear(id: string): Promise<void> {
    const row = await this.#boxes.get({ _id: id }, { account: 1 })
    if (row !== undefined)
      await this.#change(text(row, 'account'), (tree) =>
        tree.some((other) => other.id === id) ? tree.filter((other) => other.id !== id) : undefined,
      )
    for (const name of ['messages', 'indexes', 'plans'])
      await this.#database.collection(name).removeAll({ mailbox: id })
    await this.#keepers.release(`mailbox/${id}`)
    await this.#boxes.update({ _id: id }, { $unset: { unfinished: '' } })
  }

  async rename(id: string, name: string): Promise<void> {
    const box = await this.#boxes.get({ _id: id, gone: { $ne: true } }, { account: 1 })
    if (box === undefined) throw noSuchMailbox()
    let failure: StoreError | undefined
    await this.#change(text(box, 'account'), (tree) => {
      const renamed = renamedIn(tree, id, name)
      failure = renamed instanceof StoreError ? renamed : undefined
      return renamed instanceof StoreError ? undefined : renamed
    })
    if (failure !== undefined) throw failure
  }

  async list(account: string): Promise<MailboxRow[]> {
    return (await this.#tree(account)).rows.sort((a, b) => byText(a.name, b.name))
  }

  async byName(account: string, name: string): Promise<MailboxRow | undefined> {
    return (await this.#tree(account)).rows.find((row) => row.name === name)
  }

  async subscribe(account: string, name: string, subscribed: boolean): Promise<void> {
    const _id = `${account}\0${name}`
    if (subscribed) await this.#subscriptions.insert({ _id, account, name })
    else await this.#subscriptions.remove({ _id, account })
  }

  async subscriptions(account: string): Promise<string[]> {
    const found = await this.#subscriptions.all({ account }, { sort: { name: 1 } })
    return found.map((row) => text(row, 'name'))
  }

  async #tree(account: string): Promise<{ rows: MailboxRow[]; version: number }> {
    const tree = await this.#trees.get({ _id: account })
    if (tree === undefined) return { rows: [], version: 0 }
    return {
      rows: rows(tree, 'rows').map((row) => readMailbox(account, row)),
      version: number(tree, 'version'),
    }
  }

  /** False where `to` left it as it was. */
  async #change(
    account: string,
    to: (tree: MailboxRow[]) => readonly MailboxRow[] | undefined,
  ): Promise<boolean> {
    const by = this.#database.nonce()
    const isOurs = async () => {
      const tree = await this.#trees.get({ _id: account }, { by: 1 })
      return tree !== undefined && optionalText(tree, 'by') === by
    }
    for (;;) {
      const { rows, version } = await this.#tree(account)
      const after = to(rows)
      if (after === undefined) return false
      const tree = { rows: after.map(({ account: _, ...row }) => row), version: version + 1, by }
      const write = () =>
        version === 0
          ? this.#trees.insert({ _id: account, ...tree })
          : this.#trees.update({ _id: account, version }, { $set: tree })
      const isChanged = await settled(
        async () => (await write()) || isOurs(),
        async () => ((await isOurs()) ? true : undefined),
      )
      if (isChanged) return true
    }
  }
}

function renamedIn(tree: readonly MailboxRow[], id: string, name: string): MailboxRow[] | StoreError {
  const old = tree.find((row) => row.id === id)?.name
  if (old === undefined) return noSuchMailbox()
  const renamed = tree.map((row) =>
    row.id === id || row.name.startsWith(`${old}/`)
      ? { ...row, name: name + row.name.slice(old.length) }
      : row,
  )
  const isTaken = tree.some((row) => row.name === name)
  return isTaken || new Set(renamed.map((row) => row.name)).size < tree.length ? exists() : renamed
}

export const emptyBox = ({ id, account, uidValidity }: MailboxRow) => ({
  _id: id,
  account,
  uidValidity,
  uidNext: 1,
  modseq: 1,
  exists: 0,
  unseen: 0,
  deleted: 0,
  bytes: 0,
  version: 0,
  made: Date.now(),
  /** Until somebody looked whether it has a name. */
  unfinished: true,
})

export const readMailbox = (account: string, row: Row): MailboxRow => ({
  id: text(row, 'id'),
  account,
  name: text(row, 'name'),
  specialUse: optionalText(row, 'specialUse'),
  uidValidity: number(row, 'uidValidity'),
  fixed: row['fixed'] === true,
})
