import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { MaterialArchive } from '../../../../server/archive/material.ts'
import { openSqliteStore } from '../../../../storage/sqlite/store.ts'
import { pki } from '../../../fakes/pki.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'

const { root, intermediate, user, crls } = pki()

test('what a court needs is kept and named: path, lists, OCSP responses, report', async () => {
  using folder = new TemporaryFolder()
  await using store = await openSqliteStore(folder.path, Date.now())
  const ocsp = Buffer.from('an answer')
  const chain = [user.certificate, intermediate.certificate, root.certificate]
  const path = {
    ok: true,
    path: chain,
    revocation: 'checked',
    policies: [],
    usedCrls: [crls[0]!],
    usedOcsps: [ocsp],
  } as const
  const staged = await new MaterialArchive(store).stage([{ certificate: user.certificate, path }], { a: 1 })
  const list = JSON.parse(Buffer.concat(await Array.fromAsync(staged.open())).toString())
  const names = (all: readonly Uint8Array[]) =>
    all.map((octets) => ({
      sha256: hash('sha256', octets, 'hex'),
      sha512: hash('sha512', octets, 'hex'),
      size: octets.length,
    }))
  expect(list).toEqual({
    certificates: names(chain.map(({ der }) => der)),
    crls: names([crls[0]!]),
    ocsps: names([ocsp]),
    report: { a: 1 },
  })
  for (const octets of [...chain.map(({ der }) => der), crls[0]!, ocsp]) {
    const [name] = names([octets])
    expect(Buffer.compare(await store.blobs.read({ hash: name!.sha256, size: name!.size }), octets)).toBe(0)
  }
  await staged.discard()
})
