import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import { cosignedMessage } from '../fakes/cosigned.ts'
import { submit } from '../fakes/mail-client.ts'
import { idIn } from '../fakes/mailboxes.ts'
import { pki } from '../fakes/pki.ts'
import { SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'

const stranger = pki().issue(
  { kind: 'user', email: SENDER },
  { subject: { commonName: 'Deneme Noteri', country: 'TR' } },
)
const forged = { ...pki().qualifiedUser.signer, sign: async () => Buffer.alloc(64) }

describe.each(['refuse', 'allow'] as const)(
  'RFC 5652 §5.1: several signers, submission.otherSigners: %s',
  (otherSigners) => {
    let kep: TestProvider
    beforeAll(async () => {
      kep = await startProvider({ config: { submission: { otherSigners } } })
    })
    afterAll(() => kep[Symbol.asyncDispose]())
    const hand = async (...signers: Parameters<typeof cosignedMessage>[0]) =>
      submit(await cosignedMessage(signers), { port: kep.provider.ports.submissions, ca: kep.ca })

    test('all signatures must hold, whoever they are of', async () => {
      expect(await hand(pki().user.signer, forged)).toMatch(/^550 .*SIGNATURE_INVALID/)
    })

    test('somebody who is no person of the account beside one who is', async () => {
      const reply = await hand(stranger.signer, pki().user.signer)
      if (otherSigners === 'refuse') {
        expect(reply).toMatch(/^550 .*SIGNER_NOT_OF_ACCOUNT/)
        return
      }
      expect(reply).toMatch(/^250 /)
      const { store } = kep.provider
      const [intake] = await store.intakesNamed(idIn(reply))
      const record: SubmissionRecord = JSON.parse(
        Buffer.from(await store.blobs.read(intake!.envelope)).toString(),
      )
      // The one who counts is the person, in whatever order they stand.
      expect(record.signature).toMatchObject({ signer: 'Ayşe Işık', person: { handle: expect.any(String) } })
    })

    test('nobody of the account', async () => {
      expect(await hand(stranger.signer)).toMatch(/^550 .*SIGNER_NOT_OF_ACCOUNT/)
    })
  },
)
