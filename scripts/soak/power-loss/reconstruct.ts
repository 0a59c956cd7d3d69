import {
  closeSync,
  cpSync,
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { WatchedDisk } from './disk.ts'
import type { Random } from './random.ts'

/** What a disk writes as a whole or not at all. */
const PAGE = 4096

interface Entry {
  readonly inode: number
  readonly isFolder: boolean
}

/**
 * What may be on a disk after its power was cut: of each folder the entries as last synced and any of the changes since, of
 * each file the octets as last synced and any of the pages that were written since.
 */
export class Reconstruction {
  readonly #disk: WatchedDisk
  readonly #random: Random
  /** Where each inode can be found now, below the watched folder. */
  readonly #paths = new Map<number, string>()
  readonly counts = { entriesLost: 0, pagesLost: 0, pagesKept: 0 }

  constructor(disk: WatchedDisk, random: Random) {
    this.#disk = disk
    this.#random = random
    this.#find(disk.live)
  }

  /** Writes one of the possible outcomes. */
  write(to: string): void {
    if (existsSync(join(this.#disk.image, 'begun'))) {
      mkdirSync(to, { recursive: true })
      this.#writeFolder({ inode: lstatSync(this.#disk.live).ino, isFolder: true }, to)
    } else cpSync(this.#disk.live, to, { recursive: true })
  }

  #find(path: string): void {
    const { ino, isFolder } = entryAt(path)
    this.#paths.set(ino, path)
    if (isFolder) for (const name of readdirSync(path)) this.#find(join(path, name))
  }

  #writeFolder(folder: Entry, to: string): void {
    const synced = this.#synced(folder.inode)
    const live = this.#live(folder.inode)
    // One share for the whole folder: else all of it or none of it would hardly ever come.
    const share = this.#random.one([0, 0.5, 1, this.#random.next()])
    for (const name of new Set([...synced.keys(), ...live.keys()])) {
      const [before, after] = [synced.get(name), live.get(name)]
      const changed = before?.inode !== after?.inode
      const isLost = changed && !this.#random.chance(share)
      if (isLost) this.counts.entriesLost++
      const entry = isLost ? before : after
      if (entry === undefined) continue
      if (entry.isFolder) {
        mkdirSync(join(to, name), { recursive: true })
        this.#writeFolder(entry, join(to, name))
      } else this.#writeFile(entry, join(to, name))
    }
  }

  #synced(inode: number): Map<string, Entry> {
    const path = join(this.#disk.image, 'folders', String(inode))
    if (!existsSync(path)) return new Map()
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
    return new Map(
      lines.map((line) => {
        const [number = '', kind = '', ...name] = line.split(' ')
        return [name.join(' '), { inode: Number(number), isFolder: kind === 'd' }]
      }),
    )
  }

  #live(inode: number): Map<string, Entry> {
    const path = this.#paths.get(inode)
    if (path === undefined) return new Map()
    return new Map(
      readdirSync(path).map((name) => {
        const { ino, isFolder } = entryAt(join(path, name))
        return [name, { inode: ino, isFolder }]
      }),
    )
  }

  /** A file that nobody can find any more has what was synced of it. */
  #writeFile({ inode }: Entry, to: string): void {
    const image = join(this.#disk.image, 'files', String(inode))
    const synced = existsSync(image) ? readFileSync(image) : Buffer.alloc(0)
    const path = this.#paths.get(inode)
    const live = path === undefined ? synced : readFileSync(path)
    const file = openSync(to, 'w', 0o600)
    writeAll(file, synced)
    if (!synced.equals(live)) this.#writePages(file, synced, live)
    closeSync(file)
  }

  #writePages(file: number, synced: Buffer, live: Buffer): void {
    const share = this.#random.one([0, 0.1, 0.5, 0.9, 1, this.#random.next()])
    // A size is carried like a page; one that grows may also have come only as far as a page that was kept.
    let size = this.#random.chance(share) ? live.length : synced.length
    for (let at = 0; at < Math.max(live.length, synced.length); at += PAGE) {
      const page = live.subarray(at, at + PAGE)
      if (page.equals(synced.subarray(at, at + PAGE))) continue
      if (!this.#random.chance(share)) {
        this.counts.pagesLost++
        continue
      }
      this.counts.pagesKept++
      writeAll(file, page, at)
      if (live.length > synced.length) size = Math.max(size, at + page.length)
    }
    ftruncateSync(file, size)
  }
}

function entryAt(path: string): { ino: number; isFolder: boolean } {
  const stat = lstatSync(path)
  return { ino: stat.ino, isFolder: stat.isDirectory() }
}

function writeAll(file: number, octets: Uint8Array, at = 0): void {
  for (let done = 0; done < octets.length; )
    done += writeSync(file, octets, done, octets.length - done, at + done)
}
