/** All databases of the server, with what is open on them. */
import { ChangeLog } from './change-log.ts'
import { Collection } from './collection.ts'
import { CommandError } from './command-error.ts'
import { Cursors } from './cursors.ts'
import { StatementMemory } from './statement-memory.ts'

export interface DataOptions {
  /** Answers `$changeStream` as a server does that is no member of a replica set. */
  readonly refuseChangeStreams: boolean
  /** At least so many changes can be read again by a stream that is resumed. */
  readonly keptChanges: number
}

export class Data {
  readonly log: ChangeLog
  readonly cursors = new Cursors()
  readonly statements = new StatementMemory()
  readonly options: DataOptions
  readonly #databases = new Map<string, Map<string, Collection>>()

  constructor(options: DataOptions) {
    this.options = options
    this.log = new ChangeLog(options.keptChanges)
  }

  find(database: string, name: string): Collection | undefined {
    return this.#databases.get(database)?.get(name)
  }

  /** Made by the first write where it is not there yet. */
  collection(database: string, name: string): Collection {
    return this.find(database, name) ?? this.create(database, name)
  }

  create(database: string, name: string): Collection {
    if (name === '' || name.includes('$') || name.startsWith('system.') || name.includes('\0'))
      throw new CommandError(73, `Invalid collection name: ${name}`)
    const collections = this.#databases.get(database) ?? new Map<string, Collection>()
    this.#databases.set(database, collections)
    const collection = new Collection(`${database}.${name}`, (change) =>
      this.log.append(database, name, change),
    )
    collections.set(name, collection)
    return collection
  }

  drop(database: string, name: string): Collection | undefined {
    const collection = this.find(database, name)
    if (collection === undefined) return undefined
    this.#databases.get(database)?.delete(name)
    this.cursors.killAll(collection.namespace)
    this.log.append(database, name, { type: 'drop' })
    return collection
  }

  dropDatabase(database: string): void {
    for (const { name } of this.collections(database)) this.drop(database, name)
    this.#databases.delete(database)
    this.log.append(database, '', { type: 'dropDatabase' })
  }

  /** Documents are replaced and never changed, so both may hold the same ones. */
  copyDatabase(from: string, to: string): void {
    for (const { name, collection } of this.collections(from)) this.create(to, name).fillFrom(collection)
  }

  collections(database: string): { name: string; collection: Collection }[] {
    return [...(this.#databases.get(database) ?? [])].map(([name, collection]) => ({ name, collection }))
  }

  databases(): string[] {
    return [...this.#databases].filter(([, collections]) => collections.size > 0).map(([name]) => name)
  }
}
