import type { Signer } from '../../evidence/index.ts'

const WARM_UP = 30
const COUNTED = 400

/** CPU of one signature with this key, here and now, ms: the unit that a transaction is compared with. */
export async function signatureCpuMs(signer: Signer): Promise<number> {
  const octets = Buffer.alloc(400, 'x')
  for (let turn = 0; turn < WARM_UP; turn++) await signer.sign(octets)
  const before = process.cpuUsage()
  for (let turn = 0; turn < COUNTED; turn++) await signer.sign(octets)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / COUNTED
}
