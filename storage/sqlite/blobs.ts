import { noSuchBlob } from '../blobs/octets.ts'
import type { Published } from '../blobs/staged.ts'
import { DoesNotOpen } from '../encryption/sealed-octets.ts'
import type { StoreKeys } from '../encryption/store-key.ts'
import type { BlobRef, Keeper } from '../port.ts'
import { bytes, type Database, number, optionalText, type Row, text } from './database.ts'

/** A blob as it is kept: in its row, or in a file that the row names. */
export interface KeptBlob {
  readonly size: number
  readonly octets: Uint8Array | undefined
  readonly file: string | undefined
  /** What opens it where it is sealed. */
  readonly key: Uint8Array | undefined
}

/** One keeper's wrapping opens for that keeper and these octets alone. */
const useOf = (hash: string, keeper: string): string => `${hash} ${keeper}`

/** undefined where nobody keeps it: then it is as if it were gone. */
export function findBlob(db: Database, hash: string): KeptBlob | undefined {
  const row = db.get(
    `SELECT b.size, b.file, b.bytes, b.sealed, k.keeper, k.key FROM blobs b JOIN kept k ON k.hash = b.hash
     WHERE b.hash = ? LIMIT 1`,
    hash,
  )
  return (
    row && {
      size: number(row, 'size'),
      octets: row['bytes'] === null ? undefined : bytes(row, 'bytes'),
      file: optionalText(row, 'file'),
      key: number(row, 'sealed') === 1 ? openKey(db.keys, hash, row) : undefined,
    }
  )
}

const openKey = (keys: StoreKeys | undefined, hash: string, row: Row): Uint8Array => {
  const wrapped = bytes(row, 'key')
  if (keys === undefined) throw new DoesNotOpen('it was sealed, and the store was opened without a key')
  return keys.unwrap(wrapped, useOf(hash, text(row, 'keeper')))
}

/**
 * One keeper more, by the octets that it brings or by those that are there. Octets that nobody keeps any more are as if
 * they were gone: what is brought takes their place, and a sweep finds the file.
 */
export function keepBlob(db: Database, ref: BlobRef, keeper: Keeper, brought: Published | undefined): void {
  // Nearly always they are new: one statement finds that out.
  if (brought !== undefined && insertBlob(db, 'IGNORE', brought)) {
    insertKeeper(db, ref.hash, keeper, brought.key)
    return
  }
  const there = findBlob(db, ref.hash)
  if (there === undefined) {
    if (brought === undefined) throw noSuchBlob(ref)
    insertBlob(db, 'REPLACE', brought)
    db.run('DELETE FROM unkept WHERE hash = ?', ref.hash)
  }
  insertKeeper(db, ref.hash, keeper, there === undefined ? brought?.key : there.key)
}

const insertBlob = (
  db: Database,
  orElse: 'IGNORE' | 'REPLACE',
  { ref, file, octets, key }: Published,
): boolean =>
  db.run(
    `INSERT OR ${orElse} INTO blobs (hash, size, file, bytes, sealed) VALUES (?, ?, ?, ?, ?)`,
    ref.hash,
    ref.size,
    file ?? null,
    octets ?? null,
    key === undefined ? 0 : 1,
  ) === 1

function insertKeeper(db: Database, hash: string, keeper: Keeper, key: Uint8Array | undefined): void {
  db.run(
    'INSERT OR IGNORE INTO kept (hash, keeper, key) VALUES (?, ?, ?)',
    hash,
    keeper,
    key === undefined ? null : (db.keys?.wrap(key, useOf(hash, keeper)) ?? null),
  )
}

/** As keepBlob, of what was brought for it, if anything was. */
export const saveBlob = (db: Database, ref: BlobRef, keeper: Keeper, [brought]: readonly Published[]): void =>
  keepBlob(db, ref, keeper, brought)

export const keepKnown = (db: Database, ref: BlobRef, keeper: Keeper): void =>
  keepBlob(db, ref, keeper, undefined)

/** One of a keeper's blobs, or all of them. With its row goes its wrapping of the key. */
export function releaseBlobs(db: Database, keeper: Keeper, hash?: string): void {
  const gone =
    hash === undefined
      ? db.all(`DELETE FROM kept WHERE keeper = ? AND keeper <> 'archive' RETURNING hash`, keeper)
      : db.all('DELETE FROM kept WHERE keeper = ? AND hash = ? RETURNING hash', keeper, hash)
  for (const row of gone)
    db.run(
      'INSERT OR IGNORE INTO unkept SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM kept WHERE hash = ?1)',
      text(row, 'hash'),
    )
}

/** Rows that nobody keeps go, in the thread that also names them: so no write can name what goes here. */
export function sweepBlobs(db: Database, limit: number): { blobs: number; octets: number; files: string[] } {
  const swept = { blobs: 0, octets: 0, files: [] as string[] }
  for (const row of db.all('SELECT hash FROM unkept LIMIT ?', limit)) {
    const hash = text(row, 'hash')
    db.run('DELETE FROM unkept WHERE hash = ?', hash)
    const gone = db.get(
      'DELETE FROM blobs WHERE hash = ?1 AND NOT EXISTS (SELECT 1 FROM kept WHERE hash = ?1) RETURNING size, file',
      hash,
    )
    if (gone === undefined) continue
    swept.blobs++
    swept.octets += number(gone, 'size')
    const file = optionalText(gone, 'file')
    if (file !== undefined) swept.files.push(file)
  }
  return swept
}

export const isNamed = (db: Database, hash: string, file: string): boolean =>
  db.get('SELECT 1 FROM blobs WHERE hash = ? AND file = ?', hash, file) !== undefined

export const fileOf = (db: Database, hash: string): string | undefined => {
  const row = db.get('SELECT file FROM blobs WHERE hash = ?', hash)
  return row && optionalText(row, 'file')
}
