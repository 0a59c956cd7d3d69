import { type MailboxHead, type MailboxRow, type MailboxStore, StoreError } from '../../../storage/port.ts'
import { type Boxes, noSuchMailbox } from './boxes.ts'
import type { BoxDocument, Disk, TreeDocument } from './disk.ts'
import { Documents, type Process } from './documents.ts'

type Names = Pick<
  MailboxStore,
  'create' | 'delete' | 'rename' | 'list' | 'byName' | 'subscribe' | 'subscriptions' | 'head'
>

const byText = (a: string, b: string) => (a < b ? -1 : Number(a > b))

/** The names of an account are one document, so that a subtree is renamed in one write. */
export class MemoryTrees implements Names {
  readonly #trees: Documents<TreeDocument>
  readonly #counters: Documents<{ value: number }>
  readonly #subscriptions: Documents<{ account: string; name: string }>
  readonly #boxes: Boxes
  readonly #tell: (mailbox: string) => void

  constructor(disk: Disk, process: Process, boxes: Boxes, tell: (mailbox: string) => void) {
    this.#trees = new Documents(disk.trees, process)
    this.#counters = new Documents(disk.counters, process)
    this.#subscriptions = new Documents(disk.subscriptions, process)
    this.#boxes = boxes
    this.#tell = tell
  }

  async create(
    account: string,
    name: string,
    { specialUse, fixed = false }: { specialUse?: string; fixed?: boolean },
  ): Promise<MailboxRow> {
    const counter = await this.#counters.upsert('uid_validity', (last = { value: 1000 }) => ({
      value: last.value + 1,
    }))
    const uidValidity = counter?.value ?? 0
    const row: MailboxRow = { id: String(uidValidity), account, name, specialUse, uidValidity, fixed }
    await this.#boxes.documents.insert(row.id, emptyBox(row))
    const named = await this.#trees.upsert(account, (tree = { rows: [] }) =>
      tree.rows.some((other) => other.name === name) ? undefined : { rows: [...tree.rows, row] },
    )
    if (named !== undefined) return row
    await this.#boxes.documents.delete(row.id)
    throw new StoreError('MAILBOX_EXISTS', 'a mailbox of that name exists')
  }

  async delete(id: string, uidNext?: number): Promise<boolean> {
    let isNewer = false
    const gone = await this.#boxes.documents.change(id, (box) => {
      isNewer = !box.gone && uidNext !== undefined && box.uidNext !== uidNext
      return box.gone || isNewer ? undefined : { ...box, gone: true, version: box.version + 1 }
    })
    if (isNewer) return false
    if (gone === undefined) throw noSuchMailbox()
    await this.sweep(gone)
    this.#tell(id)
    return true
  }

  async sweep({ id, account }: BoxDocument): Promise<void> {
    await this.#trees.change(account, ({ rows }) =>
      rows.some((row) => row.id === id) ? { rows: rows.filter((row) => row.id !== id) } : undefined,
    )
    await this.#boxes.sweep(id)
  }

  async rename(id: string, name: string): Promise<void> {
    const box = await this.#boxes.get(id)
    if (box === undefined) throw noSuchMailbox()
    let failure: StoreError | undefined = noSuchMailbox()
    await this.#trees.change(box.account, ({ rows }) => {
      const old = rows.find((row) => row.id === id)?.name
      if (old === undefined) return undefined
      const renamed = rows.map((row) =>
        row.id === id || row.name.startsWith(`${old}/`)
          ? { ...row, name: name + row.name.slice(old.length) }
          : row,
      )
      const taken = rows.some((row) => row.name === name)
      failure =
        taken || new Set(renamed.map((row) => row.name)).size < rows.length
          ? new StoreError('MAILBOX_EXISTS', 'a mailbox of that name exists')
          : undefined
      return failure === undefined ? { rows: renamed } : undefined
    })
    if (failure !== undefined) throw failure
  }

  async list(account: string): Promise<MailboxRow[]> {
    const tree = await this.#trees.get(account)
    return [...(tree?.rows ?? [])].sort((a, b) => byText(a.name, b.name))
  }

  async byName(account: string, name: string): Promise<MailboxRow | undefined> {
    return (await this.#trees.get(account))?.rows.find((row) => row.name === name)
  }

  async subscribe(account: string, name: string, subscribed: boolean): Promise<void> {
    const key = JSON.stringify([account, name])
    if (subscribed) await this.#subscriptions.insert(key, { account, name })
    else await this.#subscriptions.delete(key)
  }

  async subscriptions(account: string): Promise<string[]> {
    const rows = await this.#subscriptions.select((row) => row.account === account)
    return rows.map(({ name }) => name).sort(byText)
  }

  async head(id: string): Promise<MailboxHead | undefined> {
    const box = await this.#boxes.get(id)
    if (box === undefined) return undefined
    const { uidValidity, uidNext, modseq, exists, unseen, deleted, bytes } = box
    return { uidValidity, uidNext, modseq, exists, unseen, deleted, bytes }
  }
}

const emptyBox = ({ id, account, uidValidity }: MailboxRow): BoxDocument => ({
  id,
  account,
  uidValidity,
  uidNext: 1,
  modseq: 1,
  exists: 0,
  unseen: 0,
  deleted: 0,
  bytes: 0,
  version: 0,
  pend: undefined,
  leaving: undefined,
  gone: false,
})
