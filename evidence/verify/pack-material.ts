/**
 * Certificates, lists and responses that lie in a pack. Twenty years hold thousands of lists, and each question needs the few
 * of its time: those around it, and whatever tells that a certificate of the pack was revoked.
 */
import type { Certificate } from '../ports.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { readCrl } from '../x509/crl.ts'
import { findRevocation } from '../x509/crl-entries.ts'
import { sameName } from '../x509/name.ts'
import { readOcspResponse } from '../x509/ocsp-response.ts'
import type { PackOptions } from './pack.ts'
import type { PackSource } from './pack-files.ts'
import { type Finding, findingOf } from './reasons.ts'

/** Between a signature, its seal and what was told after both lie a day or two; lists come weekly at the latest. */
const BEFORE_MS = 3 * 86_400_000
const AFTER_MS = 8 * 86_400_000
/** All of it is held at hand; a year of a list of a megabyte a day fits in. */
const MAX_OCTETS = 512 * 1024 * 1024
/** Times asked about one after the other are mostly those of one day. */
const MAX_KEPT = 256

interface Dated {
  readonly der: Uint8Array
  /** ms since 1970. */
  readonly from: number
  readonly until: number
}

export class PackMaterial {
  /** With everything of the pack, beside what was given. */
  readonly all: PackOptions
  readonly findings: readonly Finding[]
  readonly #lists: readonly Dated[]
  readonly #answers: readonly Dated[]
  readonly #naming: readonly Uint8Array[]
  readonly #tellingRevoked: readonly Uint8Array[]
  readonly #kept = new Map<number, PackOptions>()

  private constructor(
    given: PackOptions,
    read: { certificates: Certificate[]; crls: Uint8Array[]; ocsps: Uint8Array[] },
    findings: readonly Finding[],
  ) {
    this.findings = findings
    this.all = {
      ...given,
      intermediates: [...given.intermediates, ...read.certificates],
      crls: [...given.crls, ...read.crls],
      ocsps: [...(given.ocsps ?? []), ...read.ocsps],
    }
    this.#lists = this.all.crls.flatMap(datedList)
    this.#answers = (this.all.ocsps ?? []).flatMap(datedAnswer)
    this.#tellingRevoked = (this.all.ocsps ?? []).filter(tellsRevoked)
    this.#naming = this.all.crls.filter((der) => namesOneOf(der, this.all.intermediates))
  }

  /**
   * What cannot be read vouches for nobody; whoever needed it has no path then.
   *
   * @param names files that are what was listed
   * @param atMost octets of all together
   */
  static async read(
    source: PackSource,
    names: ReadonlySet<string>,
    given: PackOptions,
    atMost = MAX_OCTETS,
  ): Promise<PackMaterial> {
    let total = 0
    const read = { certificates: [] as Certificate[], crls: [] as Uint8Array[], ocsps: [] as Uint8Array[] }
    for (const name of names) {
      const kind = /^material\/[0-9a-f]{64}\.(cer|crl|ocsp)$/.exec(name)?.[1]
      const octets = kind && (await source.read(name))
      if (!octets) continue
      total += octets.length
      if (total > atMost) return new PackMaterial(given, read, [findingOf('PACK_MATERIAL_TOO_LARGE', name)])
      if (kind === 'crl') read.crls.push(octets)
      else if (kind === 'ocsp') read.ocsps.push(octets)
      else read.certificates.push(...certificateIn(octets))
    }
    return new PackMaterial(given, read, [])
  }

  around(at: Date): PackOptions {
    const time = at.getTime()
    const known = this.#kept.get(time)
    if (known !== undefined) return known
    const near = ({ from, until }: Dated): boolean => until >= time - BEFORE_MS && from <= time + AFTER_MS
    const made = {
      ...this.all,
      crls: [...new Set([...this.#lists.filter(near).map(({ der }) => der), ...this.#naming])],
      ocsps: [...new Set([...this.#answers.filter(near).map(({ der }) => der), ...this.#tellingRevoked])],
    }
    this.#kept.set(time, made)
    const oldest = this.#kept.keys().next().value
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest)
    return made
  }
}

function certificateIn(der: Uint8Array): Certificate[] {
  try {
    return [parseCertificate(der)]
  } catch {
    return []
  }
}

function datedList(der: Uint8Array): Dated[] {
  try {
    const { thisUpdate, nextUpdate } = readCrl(der)
    return [{ der, from: thisUpdate.getTime(), until: (nextUpdate ?? thisUpdate).getTime() }]
  } catch {
    return []
  }
}

function datedAnswer(der: Uint8Array): Dated[] {
  try {
    const { basic } = readOcspResponse(der)
    if (basic === undefined) return []
    return [{ der, from: basic.producedAt.getTime(), until: basic.producedAt.getTime() }]
  } catch {
    return []
  }
}

function tellsRevoked(der: Uint8Array): boolean {
  try {
    return readOcspResponse(der).basic?.singles.some(({ status }) => status.kind === 'revoked') === true
  } catch {
    return false
  }
}

function namesOneOf(der: Uint8Array, certificates: readonly Certificate[]): boolean {
  try {
    const crl = readCrl(der)
    return certificates.some(
      ({ issuer, serialBytes }) =>
        sameName(issuer, crl.issuer) && findRevocation(crl, serialBytes) !== undefined,
    )
  } catch {
    return false
  }
}
